#include "dataplane/http/h1/writer.h"

#include <charconv>
#include <cstring>

#include "dataplane/base/byte_scan.h"
#include "dataplane/http/status_code.h"

namespace penstock::http::h1 {
namespace {

constexpr size_t kFramingRoom = 128;  // status line, Connection, Content-Length or Transfer-Encoding, empty line

// Appends to the caller's memory; once something did not fit or was not clean, the result is 0.
class Output {
 public:
  explicit Output(std::span<char> out) : begin_(out.data()), next_(out.data()), end_(out.data() + out.size()) {}

  Output& operator<<(std::string_view text) {
    if (!Fits(text)) return *this;
    std::memcpy(next_, text.data(), text.size());
    next_ += text.size();
    return *this;
  }
  // Text that may come from a rewrite: nothing of the class may be in it.
  template <typename Refused>
  Output& Checked(std::string_view text) {
    if (!Fits(text)) return *this;
    if (byte_scan::CopyUntil<Refused>(text, next_) != text.size()) failed_ = true;
    next_ += text.size();
    return *this;
  }
  // One field's line, whose name and value may come from a rewrite.
  void FieldLine(std::string_view name, std::string_view value) {
    if (static_cast<size_t>(end_ - next_) < name.size() + value.size() + 4) {
      failed_ = true;
      return;
    }
    char* out = next_;
    bool clean = !name.empty() && byte_scan::CopyUntil<byte_scan::NotName>(name, out) == name.size();
    out += name.size();
    *out++ = ':';
    *out++ = ' ';
    clean &= byte_scan::CopyUntil<byte_scan::LineControl>(value, out) == value.size();
    out += value.size();
    *out++ = '\r';
    *out++ = '\n';
    next_ = out;
    failed_ |= !clean;
  }
  Output& Number(uint64_t value) {
    char digits[20];
    char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return *this << std::string_view(digits, end - digits);
  }
  size_t size() const { return failed_ ? 0 : next_ - begin_; }

 private:
  bool Fits(std::string_view text) {
    if (static_cast<size_t>(end_ - next_) >= text.size()) return true;
    failed_ = true;
    return false;
  }

  char* begin_;
  char* next_;
  char* end_;
  bool failed_ = false;
};

void WriteFields(const Headers& headers, Output& out) {
  for (const Field& field : headers) {
    if ((field.flags() & kFraming) || field.id() == HeaderId::kConnection) continue;
    out.FieldLine(field.name(), field.value());
  }
}

void WriteFraming(const Framing& framing, Output& out) {
  if (framing.kind == Framing::Kind::kChunked) out << "transfer-encoding: chunked\r\n";
  if (framing.kind == Framing::Kind::kLength) (out << "content-length: ").Number(framing.length) << "\r\n";
}

// Both fields are made here: what came with the message was for one hop.
void WriteUpgrade(std::string_view protocol, Output& out) {
  out << "connection: upgrade\r\nupgrade: ";
  out.Checked<byte_scan::LineControl>(protocol) << "\r\n";
}

}  // namespace

size_t WriteRequestHead(const RequestHead& head, bool close, std::span<char> memory) {
  Output out(memory);
  if (head.path.empty()) return 0;
  out.Checked<byte_scan::Splitting>(head.method_text) << " ";
  out.Checked<byte_scan::Splitting>(head.path);
  if (head.has_query) (out << "?").Checked<byte_scan::Splitting>(head.query);
  out << " HTTP/1.1\r\nhost: ";
  out.Checked<byte_scan::LineControl>(head.authority) << "\r\n";
  WriteFields(head.headers, out);
  WriteFraming(head.framing, out);
  if (close) {
    out << "connection: close\r\n";
  } else if (!head.upgrade.empty()) {
    WriteUpgrade(head.upgrade, out);
  }
  out << "\r\n";
  return out.size();
}

size_t WriteResponseHead(const ResponseHead& head, bool close, std::span<char> memory) {
  Output out(memory);
  out << "HTTP/1.1 ";
  out.Number(static_cast<uint64_t>(head.status)) << " " << StatusPhrase(head.status) << "\r\n";
  WriteFields(head.headers, out);
  if (head.status >= 200) {
    if (head.declared_length.has_value()) {
      (out << "content-length: ").Number(*head.declared_length) << "\r\n";
    } else if (!StatusForbidsBody(head.status)) {
      WriteFraming(head.framing, out);
    }
    if (close) out << "connection: close\r\n";
  } else if (!head.upgrade.empty()) {
    WriteUpgrade(head.upgrade, out);
  }
  out << "\r\n";
  return out.size();
}

size_t WriteTrailers(const Headers& trailers, std::span<char> memory) {
  Output out(memory);
  out << "0\r\n";
  WriteFields(trailers, out);
  out << "\r\n";
  return out.size();
}

size_t FieldsSize(const Headers& headers) {
  size_t size = 0;
  for (const Field& field : headers) size += field.name().size() + field.value().size() + 4;
  return size;
}

size_t HeadSize(const RequestHead& head) {
  return head.method_text.size() + head.path.size() + head.query.size() + head.authority.size() + head.upgrade.size() +
         FieldsSize(head.headers) + kFramingRoom;
}

size_t HeadSize(const ResponseHead& head) { return head.upgrade.size() + FieldsSize(head.headers) + kFramingRoom; }

}  // namespace penstock::http::h1
