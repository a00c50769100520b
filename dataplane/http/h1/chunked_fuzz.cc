// Chunked content in pieces gives what it gives in one; decoding never yields more than it was given.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dataplane/http/h1/chunked.h"

namespace {

struct Result {
  penstock::http::h1::Progress progress;
  std::string data;
  size_t consumed = 0;
};

Result Decode(std::string_view input, size_t step) {
  using namespace penstock::http::h1;
  ChunkedDecoder decoder(HeadLimits{});
  Result out{Progress::kNeedMore, "", 0};
  size_t end = 0;
  while (out.progress == Progress::kNeedMore && end < input.size()) {
    end = std::min(end + step, input.size());
    while (out.consumed < end && out.progress == Progress::kNeedMore) {
      ChunkedDecoder::Step s = decoder.Next(input.substr(out.consumed, end - out.consumed));
      out.data += s.data;
      out.consumed += s.consumed;
      out.progress = s.progress;
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Result whole = Decode(input, size + 1);
  if (whole.data.size() > size) std::abort();
  for (size_t step : {size_t{1}, size_t{3}, size_t{17}}) {
    Result pieces = Decode(input, step);
    if (pieces.progress != whole.progress || pieces.data != whole.data) std::abort();
    if (whole.progress == penstock::http::h1::Progress::kDone && pieces.consumed != whole.consumed) std::abort();
  }
  return 0;
}
