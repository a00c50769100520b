#include "dataplane/tls/client_hello.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "dataplane/base/spoken.h"
#include "dataplane/base/strings.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/tls/lower_case.h"

namespace penstock::tls {
namespace {

using Progress = ClientHelloParser::Progress;

constexpr size_t kRecordHeader = 5;
constexpr size_t kMessageHeader = 4;
constexpr size_t kMaxRecord = 16 << 10;
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kAlertRecord = 21;
constexpr uint8_t kClientHelloMessage = 1;
constexpr uint16_t kServerNameExtension = 0;
constexpr uint16_t kAlpnExtension = 16;
constexpr size_t kMaxServerName = 255;
constexpr size_t kMaxAlpn = 64;  // protocols

uint8_t Byte(std::string_view bytes, size_t i) { return static_cast<uint8_t>(bytes[i]); }

// Takes numbers and vectors off the front of BYTES; once something is missing everything fails.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return bytes_.empty(); }

  uint32_t Number(size_t size) {
    std::string_view digits = Take(size);
    uint32_t value = 0;
    for (size_t i = 0; i < digits.size(); ++i) value = value << 8 | Byte(digits, i);
    return value;
  }
  // A vector whose length takes LENGTH_SIZE bytes, between LEAST and MOST (RFC 8446 3.4).
  std::string_view Vector(size_t length_size, size_t least, size_t most = SIZE_MAX) {
    size_t size = Number(length_size);
    if (size < least || size > most) ok_ = false;
    return Take(size);
  }
  std::string_view Take(size_t size) {
    if (!ok_ || size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= 63 && std::all_of(label.begin(), label.end(), [](char c) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// RFC 6066 3: a DNS name, without a dot at its end.
bool IsHostName(std::string_view name) {
  while (true) {
    size_t dot = name.find('.');
    if (!IsLabel(name.substr(0, dot))) return false;
    if (dot == name.npos) return true;
    name.remove_prefix(dot + 1);
  }
}

// RFC 6066 3: a list, of which exactly one name of the one type is served.
bool ReadServerName(std::string_view extension, ClientHello& hello) {
  Reader reader(extension);
  Reader list(reader.Vector(2, 1));
  uint32_t type = list.Number(1);
  std::string_view name = list.Vector(2, 1, kMaxServerName);
  bool whole = reader.ok() && reader.AtEnd() && list.ok() && list.AtEnd();
  if (!whole || type != 0 || !IsHostName(name)) return false;
  hello.server_name = LowerCase(name);
  return true;
}

// RFC 7301 3.1.
bool ReadAlpn(std::string_view extension, ClientHello& hello) {
  Reader reader(extension);
  Reader list(reader.Vector(2, 2));
  if (!reader.ok() || !reader.AtEnd()) return false;
  while (!list.AtEnd()) {
    std::string_view protocol = list.Vector(1, 1);
    if (!list.ok()) return false;
    if (hello.alpn.size() < kMaxAlpn) hello.alpn.emplace_back(protocol);
  }
  return list.ok();
}

bool ReadExtensions(std::string_view extensions, ClientHello& hello) {
  Reader reader(extensions);
  std::set<uint32_t> seen;
  while (!reader.AtEnd()) {
    uint32_t type = reader.Number(2);
    std::string_view content = reader.Vector(2, 0);
    // RFC 8446 4.2: no extension twice; two names would be two answers to who is meant.
    if (!reader.ok() || !seen.insert(type).second) return false;
    if (type == kServerNameExtension && !ReadServerName(content, hello)) return false;
    if (type == kAlpnExtension && !ReadAlpn(content, hello)) return false;
  }
  return reader.ok();
}

bool ReadHello(std::string_view body, ClientHello& hello) {
  Reader reader(body);
  reader.Take(2 + 32);  // version, random
  reader.Vector(1, 0, 32);
  reader.Vector(2, 2);
  // RFC 5246 7.4.1.2: no compression is always among the methods.
  bool uncompressed = reader.Vector(1, 1).find('\0') != std::string_view::npos;
  if (!reader.ok() || !uncompressed) return false;
  if (reader.AtEnd()) return true;  // RFC 5246 7.4.1.2: no extensions
  std::string_view extensions = reader.Vector(2, 0);
  return reader.ok() && reader.AtEnd() && ReadExtensions(extensions, hello);
}

Status ErrorOf(Progress progress, std::string_view bytes) {
  if (progress == Progress::kTooLarge) return absl::ResourceExhaustedError("the client's hello is too large");
  if (progress == Progress::kNotTls) return absl::InvalidArgumentError(ToAbsl(TextAtTls(SpokenBy(bytes))));
  return absl::DataLossError("the client's hello is malformed");
}

}  // namespace

Progress ClientHelloParser::Parse(std::string_view bytes) {
  while (true) {
    std::string_view rest = bytes.substr(read_);
    bool first = read_ == 0;
    bool handshake = rest.empty() || Byte(rest, 0) == kHandshakeRecord;
    bool version3 = rest.size() < 2 || Byte(rest, 1) == 3;
    if (!handshake || !version3) return first ? Progress::kNotTls : Progress::kMalformed;
    if (rest.size() < kRecordHeader) break;
    size_t size = static_cast<size_t>(Byte(rest, 3) << 8 | Byte(rest, 4));
    // RFC 8446 5.1: fragments of a handshake are not empty.
    if (size == 0 || size > kMaxRecord) return Progress::kMalformed;
    if (read_ + kRecordHeader + size > kMaxBytes) return Progress::kTooLarge;
    if (rest.size() < kRecordHeader + size) break;
    message_.append(rest.substr(kRecordHeader, size));
    read_ += kRecordHeader + size;
    Progress progress = ReadMessage();
    if (progress != Progress::kNeedMore) return progress;
  }
  return Progress::kNeedMore;
}

Progress ClientHelloParser::ReadMessage() {
  if (Byte(message_, 0) != kClientHelloMessage) return Progress::kMalformed;
  if (message_.size() < kMessageHeader) return Progress::kNeedMore;
  Reader reader(message_);
  reader.Number(1);
  size_t size = reader.Number(3);
  if (size > kMaxBytes) return Progress::kTooLarge;
  if (message_.size() < kMessageHeader + size) return Progress::kNeedMore;
  // Nothing may follow before the server has answered.
  if (message_.size() > kMessageHeader + size) return Progress::kMalformed;
  bool good = ReadHello(std::string_view(message_).substr(kMessageHeader), hello_);
  return good ? Progress::kDone : Progress::kMalformed;
}

Task<StatusOr<ReceivedHello>> ReceiveClientHello(io::Stream& stream, Wait wait) {
  ClientHelloParser parser;
  Chunk bytes;
  Progress progress = Progress::kNeedMore;
  while (progress == Progress::kNeedMore) {
    StatusOr<Chunk> more = co_await stream.Read(BlockPool::kSmall, wait);
    if (!more.ok()) co_return more.status();
    if (more->empty()) co_return absl::AbortedError("the client left before its hello");
    if (bytes.empty()) {
      bytes = *std::move(more);
    } else {
      bytes.Append(stream.reactor().blocks(), more->view());
    }
    progress = parser.Parse(bytes.view());
  }
  if (progress == Progress::kDone) co_return ReceivedHello{parser.hello(), std::move(bytes)};
  bool tls = progress != Progress::kNotTls;
  if (tls) {
    Status sent = co_await SendAlert(stream, Alert::kDecodeError, wait);
  }
  co_return ErrorOf(progress, bytes.view());
}

Task<Status> SendAlert(io::Stream& stream, Alert alert, Wait wait) {
  constexpr char kFatal = 2;
  std::array<char, 7> record = {kAlertRecord, 3, 3, 0, 2, kFatal, static_cast<char>(alert)};
  std::string_view pieces[] = {{record.data(), record.size()}};
  Status sent = co_await stream.Write(pieces, wait);
  co_return sent;
}

}  // namespace penstock::tls
