#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/http/h1/error.h"
#include "dataplane/http/h1/head_parser.h"

namespace penstock::http::h1 {

// Decodes the chunked transfer coding (RFC 9112 7.1), strictly: bare CR or LF, blanks around the size, a sign, "0x", an
// overflowing size or anything but CRLF behind the data is an error. Extensions are read over within limits and never
// passed on. Copies nothing but trailers.
class ChunkedDecoder {
 public:
  static constexpr size_t kMaxSizeLine = 256;              // one chunk-size line with its extensions
  static constexpr size_t kMaxExtensionBytes = 16 * 1024;  // all extensions of a message

  // LIMITS bound the trailer section.
  explicit ChunkedDecoder(const HeadLimits& limits)
      : limits_(limits), fields_(limits, FieldParser::Underscores::kAllow) {}

  struct Step {
    Progress progress;      // kNeedMore: all of the input was consumed; kDone: the message ended
    size_t consumed;        // bytes of the input that are done with
    std::string_view data;  // content: a part of the input, may be empty
  };

  // Takes the next bytes of the message. Returns at the first run of content, so call again while progress is kNeedMore
  // and input is left.
  Step Next(std::string_view input);

  Error error() const { return error_; }
  // After kDone: the trailer section, unfiltered, or nullptr if it was empty. Its views point into this decoder.
  Headers* trailers() { return trailers_.get(); }
  // At the start of a message, for a pooled object.
  void Reset(const HeadLimits& limits);

 private:
  enum class State : uint8_t { kSize, kExtension, kSizeLf, kData, kDataCr, kDataLf, kTrailers, kDone };

  bool TakeSizeByte(char c);
  bool TakeExtensionByte(char c);
  Step TakeTrailers(std::string_view input, size_t consumed);
  Step Fail(Error error, size_t consumed) {
    error_ = error;
    return {Progress::kError, consumed, {}};
  }

  HeadLimits limits_;
  FieldParser fields_;
  State state_ = State::kSize;
  Error error_ = Error::kNone;
  bool has_digit_ = false;
  uint32_t line_bytes_ = 0;       // of the size line at hand
  uint32_t extension_bytes_ = 0;  // of all size lines
  uint64_t left_ = 0;             // of the chunk at hand
  std::string trailer_text_;
  std::unique_ptr<Headers> trailers_;  // made when the first trailer comes
};

// The coding of our own chunks: "HEX\r\n" data "\r\n", then kLastChunk (no trailers) or kLastChunkBeforeTrailers.
constexpr size_t kMaxChunkHead = 18;
// Writes "HEX\r\n"; returns its length. REQUIRES: size > 0, room for kMaxChunkHead bytes.
size_t WriteChunkHead(uint64_t size, char* out);
constexpr std::string_view kChunkEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace penstock::http::h1
