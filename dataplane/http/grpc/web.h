// gRPC-Web framing (PROTOCOL-WEB): trailers as the last frame of the content, and base64 for the text variant. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/http/headers.h"

namespace penstock::http::grpc {

// The frame that carries trailers: 0x80, the length in four bytes, then one "name: value\r\n" each.
inline constexpr size_t kFrameHead = 5;
size_t TrailerFrameSize(const Headers& trailers);
// Writes it and returns its length. REQUIRES: OUT has TrailerFrameSize(TRAILERS) bytes.
size_t WriteTrailerFrame(const Headers& trailers, std::span<char> out);

// One piece of content in base64 with its padding (RFC 4648 4): clients take a padded piece after another.
constexpr size_t Base64Size(size_t bytes) { return (bytes + 2) / 3 * 4; }
// Returns the length written. REQUIRES: OUT has Base64Size(bytes.size()) bytes.
size_t EncodeBase64(std::string_view bytes, std::span<char> out);

// Decodes a stream of base64, padded anywhere a client ended a piece. Anything else is an error, also non-zero bits
// under the padding, so that one text has one meaning.
class Base64Decoder {
 public:
  // Decodes TEXT into OUT, which may be TEXT's own bytes; false at the first byte that does not belong. `written` says
  // how much came out. REQUIRES: OUT has TEXT.size() / 4 * 3 + 3 bytes, or is TEXT itself with decoding begun at a
  // multiple of four.
  bool Decode(std::string_view text, std::span<char> out, size_t& written);

  // Nothing is begun that is not complete: the text may end here.
  bool at_end() const { return count_ == 0; }

 private:
  bool Flush(std::span<char> out, size_t& written);

  std::array<uint8_t, 4> group_ = {};
  uint8_t count_ = 0;
  uint8_t padding_ = 0;
};

}  // namespace penstock::http::grpc
