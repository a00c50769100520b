#include "dataplane/http/h1/head_parser.h"

#include "dataplane/base/ascii.h"
#include "dataplane/base/byte_scan.h"
#include "dataplane/base/spoken.h"
#include "dataplane/http/h1/framing.h"
#include "dataplane/http/h1/token_scan.h"

namespace penstock::http::h1 {
namespace {

constexpr size_t kMaxMethod = 32;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsMethod(std::string_view text) {
  for (char c : text) {
    if (LowerTokenByte(c) == 0) return false;
  }
  return !text.empty();
}

// A line's end: CRLF at data[end], found, still to come, or something that no line may hold.
struct Line {
  Progress progress;
  size_t end = 0;  // of the line, without CRLF
};

// Searches from SCANNED on and moves it.
Line FindLine(std::span<char> data, size_t& scanned) {
  const char* end = data.data() + data.size();
  scanned += byte_scan::Find<byte_scan::LineControl>({data.data() + scanned, data.size() - scanned});
  const char* p = data.data() + scanned;
  if (p == end || (*p == '\r' && p + 1 == end)) return {Progress::kNeedMore};
  if (*p != '\r' || p[1] != '\n') return {Progress::kError};
  return {Progress::kDone, scanned};
}

// "HTTP/1.1" or "HTTP/1.0".
Error ParseVersion(std::string_view text, Version& version) {
  bool shaped = text.size() == 8 && text.starts_with("HTTP/") && IsDigit(text[5]) && text[6] == '.' && IsDigit(text[7]);
  if (!shaped) return Error::kRequestLine;
  if (text[5] != '1' || text[7] > '1') return Error::kVersion;
  version = text[7] == '1' ? Version::kHttp11 : Version::kHttp10;
  return Error::kNone;
}

// The field on [line, end), which CRLF follows; bytes up to DATA_END may be looked at.
Error AddField(char* line, char* end, const char* data_end, FieldParser::Underscores underscores, Headers& headers) {
  bool underscore = false;
  char* p = LowerToken(line, end, data_end, underscore);
  // Also refuses obs-fold (a line that begins with a blank), an empty name, and a blank before the colon.
  if (p == line || p == end || *p != ':' || p - line > 65535) return Error::kHeaderLine;
  if (underscore && underscores == FieldParser::Underscores::kReject) return Error::kUnderscoreInName;
  std::string_view name(line, p - line);
  ++p;
  while (p < end && IsBlank(*p)) ++p;
  while (end > p && IsBlank(end[-1])) --end;
  headers.Append(Field(FindHeaderId(name), name, {p, static_cast<size_t>(end - p)}));
  return Error::kNone;
}

}  // namespace

Progress FieldParser::Parse(std::span<char> data, Headers& headers) {
  while (true) {
    Line line = FindLine(data, scanned_);
    if (line.progress == Progress::kError) return Fail(Error::kHeaderLine);
    size_t seen = line.progress == Progress::kDone ? line.end + 2 : data.size();
    if (seen > limits_.header_bytes) return Fail(Error::kHeadersTooLarge);
    if (line.progress == Progress::kNeedMore) return Progress::kNeedMore;
    char* begin = data.data() + line_;
    line_ = scanned_ = line.end + 2;
    if (begin == data.data() + line.end) return Progress::kDone;
    if (headers.size() >= limits_.header_count) return Fail(Error::kTooManyHeaders);
    Error error = AddField(begin, data.data() + line.end, data.data() + data.size(), underscores_, headers);
    if (error != Error::kNone) return Fail(error);
  }
}

template <typename Head, typename ParseLine, typename Frame>
Progress HeadParser::ParseHead(std::span<char> data, Head& head, ParseLine parse_line, Frame frame) {
  if (base_ != data.data() && line_end_ != 0) {
    head.Clear();
    fields_.Restart();
    scanned_ = begin_;
    line_end_ = 0;
  }
  base_ = data.data();
  if (line_end_ == 0) {
    Progress progress = parse_line();
    if (progress != Progress::kDone) return progress;
  }
  Progress progress = fields_.Parse(data.subspan(line_end_), head.headers);
  if (progress == Progress::kError) return Fail(fields_.error());
  if (progress == Progress::kNeedMore) return progress;
  consumed_ = line_end_ + fields_.consumed();
  Error error = frame();
  return error == Error::kNone ? Progress::kDone : Fail(error);
}

Progress RequestParser::Parse(std::span<char> data, RequestHead& head) {
  return ParseHead(data, head, [&] { return ParseLine(data, head); }, [&] { return FrameRequest(head); });
}

Progress RequestParser::ParseLine(std::span<char> data, RequestHead& head) {
  if (begin_ == 0 && data.size() >= 2 && data[0] == '\r' && data[1] == '\n') begin_ = scanned_ = 2;
  if (begin_ == 0 && data.size() == 1 && data[0] == '\r') return Progress::kNeedMore;
  Line line = FindLine(data, scanned_);
  if (line.progress == Progress::kError) return NoRequest(data);
  size_t size = (line.progress == Progress::kDone ? line.end : data.size()) - begin_;
  if (size > limits_.line_bytes) return Fail(Error::kRequestLineTooLong);
  if (line.progress == Progress::kNeedMore) return Progress::kNeedMore;

  std::string_view text(data.data() + begin_, size);
  size_t first = text.find(' ');
  size_t second = first == text.npos ? text.npos : text.find(' ', first + 1);
  if (second == text.npos || second == first + 1) return NoRequest(data);
  head.method_text = text.substr(0, first);
  head.target = text.substr(first + 1, second - first - 1);
  if (!IsMethod(head.method_text)) return NoRequest(data);
  if (head.method_text.size() > kMaxMethod) return Fail(Error::kMethodTooLong);
  // HTTP/2's preface is no request in an unknown version, but the wrong protocol (RFC 9113 3.4).
  if (head.method_text == "PRI") return NoRequest(data);
  if (byte_scan::Find<byte_scan::NotVisible>(head.target) != head.target.size()) return NoRequest(data);
  Error error = ParseVersion(text.substr(second + 1), head.version);
  if (error == Error::kRequestLine) return NoRequest(data);
  if (error != Error::kNone) return Fail(error);
  head.method = ParseMethod(head.method_text);
  line_end_ = line.end + 2;
  return Progress::kDone;
}

// What does not begin as a request may be another protocol that is known.
Progress RequestParser::NoRequest(std::span<char> data) {
  switch (SpokenBy({data.data(), data.size()})) {
    case Spoken::kTls:
      return Fail(Error::kTls);
    case Spoken::kHttp2:
      return Fail(Error::kHttp2);
    case Spoken::kSsh:
      return Fail(Error::kSsh);
    case Spoken::kProxyHeader:
      return Fail(Error::kProxyHeader);
    default:
      return Fail(Error::kRequestLine);
  }
}

Progress ResponseParser::Parse(std::span<char> data, Method method, ResponseHead& head) {
  return ParseHead(data, head, [&] { return ParseLine(data, head); }, [&] { return FrameResponse(head, method); });
}

Progress ResponseParser::ParseLine(std::span<char> data, ResponseHead& head) {
  Line line = FindLine(data, scanned_);
  if (line.progress == Progress::kError) return Fail(Error::kStatusLine);
  size_t size = line.progress == Progress::kDone ? line.end : data.size();
  if (size > limits_.line_bytes) return Fail(Error::kStatusLine);
  if (line.progress == Progress::kNeedMore) return Progress::kNeedMore;

  // "HTTP/1.1 200 OK"; the blank behind the status may be missing where there is no phrase.
  std::string_view text(data.data(), size);
  if (text.size() < 12 || (text.size() > 12 && text[12] != ' ')) return Fail(Error::kStatusLine);
  Error error = ParseVersion(text.substr(0, 8), head.version);
  if (error == Error::kVersion) return Fail(error);
  bool shaped = error == Error::kNone && text[8] == ' ' && text[9] >= '1' && text[9] <= '5' && IsDigit(text[10]) &&
                IsDigit(text[11]);
  if (!shaped) return Fail(Error::kStatusLine);
  head.status = (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
  line_end_ = line.end + 2;
  return Progress::kDone;
}

}  // namespace penstock::http::h1
