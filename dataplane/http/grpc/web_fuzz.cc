// Text that is taken gives the same text back, however it is split.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

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
  DialectOf(text);
  MessageFormatOf(text);
  ParseTimeout(text);
  penstock::Arena arena;
  for (char c : EncodeMessage(text, arena)) Require(c >= ' ' && c <= '~', "a message that is no field value");
  return 0;
}
