#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/http/h1/error.h"
#include "dataplane/http/message.h"

namespace penstock::http::h1 {

// Defaults of SECURITY: 414, 431, 431.
struct HeadLimits {
  uint32_t line_bytes = 8192;     // request or status line
  uint32_t header_bytes = 61440;  // the header section with its line ends
  uint32_t header_count = 100;
};

enum class Progress : uint8_t { kNeedMore, kDone, kError };

// Parses header lines: the part that requests, responses and trailers share. Works line by line, so that a wrong line
// is refused as soon as it is complete (or holds a byte that no line may hold), however the bytes were split.
class FieldParser {
 public:
  enum class Underscores : uint8_t { kReject, kAllow };

  FieldParser(const HeadLimits& limits, Underscores underscores) : limits_(limits), underscores_(underscores) {}

  // DATA holds all bytes from the first header line on. Names are made lower case in place.
  Progress Parse(std::span<char> data, Headers& headers);

  size_t consumed() const { return line_; }  // after kDone: the bytes up to and with the empty line
  Error error() const { return error_; }
  void Restart() {
    line_ = scanned_ = 0;
    error_ = Error::kNone;
  }

 private:
  Progress Fail(Error error) {
    error_ = error;
    return Progress::kError;
  }

  HeadLimits limits_;
  Underscores underscores_;
  Error error_ = Error::kNone;
  size_t line_ = 0;     // where the line at hand begins
  size_t scanned_ = 0;  // up to here it was searched for its end
};

// What the parsers of requests and of responses share: a first line, then fields, over bytes that grow and may move.
class HeadParser {
 public:
  size_t consumed() const { return consumed_; }  // after kDone: the head's bytes; the content begins there
  Error error() const { return error_; }

 protected:
  HeadParser(const HeadLimits& limits, FieldParser::Underscores underscores)
      : limits_(limits), fields_(limits, underscores) {}

  // PARSE_LINE() reads the first line and sets line_end_, FRAME() decides the framing once all fields are there.
  template <typename Head, typename ParseLine, typename Frame>
  Progress ParseHead(std::span<char> data, Head& head, ParseLine parse_line, Frame frame);

  Progress Fail(Error error) {
    error_ = error;
    return Progress::kError;
  }

  HeadLimits limits_;
  size_t begin_ = 0;     // of the first line, behind a skipped empty one
  size_t scanned_ = 0;   // the first line was searched up to here
  size_t line_end_ = 0;  // first byte of the first field; 0: the first line is not complete

 private:
  FieldParser fields_;
  Error error_ = Error::kNone;
  const char* base_ = nullptr;
  size_t consumed_ = 0;
};

// The head of a request (RFC 9112 3 and 5), strictly: CRLF only, one blank between the parts, no obs-fold, no blank
// before a colon, no control bytes, no "_" in names. One empty line before the request line is skipped (2.2).
class RequestParser : public HeadParser {
 public:
  explicit RequestParser(const HeadLimits& limits) : HeadParser(limits, FieldParser::Underscores::kReject) {}

  // DATA holds all bytes of the message so far, from its first byte; call again with more after kNeedMore. The bytes
  // may have moved in between (then the work starts over). Writes into DATA: names become lower case. After kDone HEAD
  // is complete with `framing`, `close`, `expect_continue` and `upgrade` (the canonical part is ResolveTarget's), and
  // its views point into DATA; a second call with the same bytes elsewhere makes them point there. HEAD must be clear
  // before the first call.
  Progress Parse(std::span<char> data, RequestHead& head);

  bool line_seen() const { return line_end_ != 0; }  // the request line is complete: method and target are known
  void Reset(const HeadLimits& limits) { *this = RequestParser(limits); }

 private:
  Progress ParseLine(std::span<char> data, RequestHead& head);
  Progress NoRequest(std::span<char> data);
};

// The head of a response (RFC 9112 4), of an upstream that may be hostile: as strict, but for "_" in names and a
// missing reason phrase. Statuses outside 100-599 are refused.
class ResponseParser : public HeadParser {
 public:
  explicit ResponseParser(const HeadLimits& limits) : HeadParser(limits, FieldParser::Underscores::kAllow) {}

  // As RequestParser::Parse. METHOD is the request's: it decides the framing.
  Progress Parse(std::span<char> data, Method method, ResponseHead& head);

  void Reset(const HeadLimits& limits) { *this = ResponseParser(limits); }

 private:
  Progress ParseLine(std::span<char> data, ResponseHead& head);
};

}  // namespace penstock::http::h1
