// Text that is taken gives the same text back, however it is split, and trailers that are put into a frame come out of
// it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/http/grpc/status.h"
#include "dataplane/http/grpc/web.h"

namespace penstock::http::grpc {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

struct Decoded {
  bool ok = true;
  std::string bytes;
};

Decoded Decode(std::string_view text, size_t split) {
  Decoded decoded;
  Base64Decoder decoder;
  for (std::string_view piece : {text.substr(0, split), text.substr(split)}) {
    std::string out(piece.size() / 4 * 3 + 3, '\0');
    size_t written = 0;
    if (!decoder.Decode(piece, out, written)) return {false, {}};
    decoded.bytes.append(out, 0, written);
  }
  decoded.ok = decoder.at_end();
  return decoded;
}

using FieldTexts = std::vector<std::pair<std::string_view, std::string_view>>;

bool IsLowerToken(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == text.npos;
}

// The lines "name: value" of TEXT that can be fields.
FieldTexts FieldsIn(std::string_view text) {
  FieldTexts fields;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    size_t colon = line.find(": ");
    if (colon == line.npos || !IsLowerToken(line.substr(0, colon)) || line.find('\r') != line.npos) continue;
    fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return fields;
}

// As a client reads a frame of trailers (PROTOCOL-WEB).
FieldTexts ReadTrailerFrame(std::string_view frame) {
  Require(frame.size() >= kFrameHead && static_cast<uint8_t>(frame[0]) == 0x80, "no frame of trailers");
  size_t length = 0;
  for (char c : frame.substr(1, 4)) length = length << 8 | static_cast<uint8_t>(c);
  std::string_view block = frame.substr(kFrameHead);
  Require(block.size() == length, "another length");
  FieldTexts fields;
  while (!block.empty()) {
    size_t colon = block.find(": ");
    size_t end = block.find("\r\n");
    Require(end != block.npos && colon < end, "a line that is none");
    fields.emplace_back(block.substr(0, colon), block.substr(colon + 2, end - colon - 2));
    block.remove_prefix(end + 2);
  }
  return fields;
}

void CheckTrailers(std::string_view text) {
  FieldTexts fields = FieldsIn(text);
  Headers trailers;
  for (const auto& [name, value] : fields) trailers.Add(name, value);
  std::string frame(TrailerFrameSize(trailers), '\0');
  Require(WriteTrailerFrame(trailers, frame) == frame.size(), "not as large as was said");
  Require(ReadTrailerFrame(frame) == fields, "other trailers");
}

}  // namespace
}  // namespace penstock::http::grpc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::http::grpc;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Decoded whole = Decode(text, 0);
  for (size_t split = 1; split < size && split < 16; ++split) {
    Decoded pieces = Decode(text, split);
    Require(pieces.ok == whole.ok && (!whole.ok || pieces.bytes == whole.bytes), "another result when split");
  }
  std::string encoded(Base64Size(size), '\0');
  encoded.resize(EncodeBase64(text, encoded));
  Decoded back = Decode(encoded, size % (encoded.size() + 1));
  Require(back.ok && back.bytes == text, "what was encoded does not come back");
  CheckTrailers(text);
  DialectOf(text);
  MessageFormatOf(text);
  ParseTimeout(text);
  penstock::Arena arena;
  for (char c : EncodeMessage(text, arena)) Require(c >= ' ' && c <= '~', "a message that is no field value");
  return 0;
}
