// Any bytes, cut anywhere, give the same answer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dataplane/tls/client_hello.h"

namespace {

using penstock::tls::ClientHelloParser;
using Progress = ClientHelloParser::Progress;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  size_t step = data[0] + 1u;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ClientHelloParser whole;
  Progress at_once = whole.Parse(bytes);

  ClientHelloParser pieces;
  Progress progress = Progress::kNeedMore;
  for (size_t n = 0; progress == Progress::kNeedMore && n < bytes.size(); n += step) {
    progress = pieces.Parse(bytes.substr(0, n + step));
  }
  Require(progress == at_once);
  if (at_once != Progress::kDone || progress != Progress::kDone) return 0;
  Require(whole.hello().server_name == pieces.hello().server_name && whole.hello().alpn == pieces.hello().alpn);
  Require(whole.hello().server_name.size() <= 255 && whole.hello().server_name.find('\0') == std::string::npos);
  return 0;
}
