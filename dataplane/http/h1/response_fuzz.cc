// As request_fuzz, for what a hostile upstream may send.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/h1/oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::http;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (Method method : {Method::kGet, Method::kHead}) {
    std::string copy(input);
    h1::ResponseParser whole(h1::HeadLimits{});
    h1::ResponseParser pieces(h1::HeadLimits{});
    ResponseHead a;
    ResponseHead b;
    h1::Progress expected = whole.Parse({copy.data(), size}, method, a);
    h1::Progress progress = pieces.Parse({copy.data(), size / 2}, method, b);
    if (progress == h1::Progress::kNeedMore) progress = pieces.Parse({copy.data(), size}, method, b);
    if (progress != expected || whole.error() != pieces.error()) std::abort();
  }
  std::string difference = h1::CompareResponse(input);
  if (!difference.empty()) {
    std::fprintf(stderr, "%s\n", difference.c_str());
    std::abort();
  }
  return 0;
}
