// A request in two pieces gives what it gives in one, whatever we accept other strict parsers read alike, and what we
// write from it we read back.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/h1/oracle.h"
#include "dataplane/http/h1/writer.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/http/uri.h"

namespace penstock::http::h1 {
namespace {

void Require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

// What a client speaks that speaks no HTTP is told by what is there when it is refused (base/spoken.h), and the
// signature of PROXY version 2 is refused from its second line on.
bool RefusedAlike(std::string_view input, Error a, Error b) {
  constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
  bool cut = input.starts_with(kSignature) && (a == Error::kProxyHeader || b == Error::kProxyHeader);
  return a == b || (cut && (a == Error::kRequestLine || b == Error::kRequestLine));
}

void CheckSplit(std::string_view input, size_t split) {
  std::string one(input);
  std::string two(input);
  RequestParser whole(HeadLimits{});
  RequestParser pieces(HeadLimits{});
  RequestHead a;
  RequestHead b;
  Progress expected = whole.Parse({one.data(), one.size()}, a);
  Progress progress = pieces.Parse({two.data(), split}, b);
  if (progress == Progress::kNeedMore) progress = pieces.Parse({two.data(), two.size()}, b);
  Require(progress == expected, "another result when split");
  Require(RefusedAlike(input, whole.error(), pieces.error()), "another error when split");
  Require(expected != Progress::kDone || whole.consumed() == pieces.consumed(), "another end when split");
  Require(expected != Progress::kDone || a.headers.size() == b.headers.size(), "other fields when split");
}

void CheckRoundTrip(std::string_view input) {
  std::string copy(input);
  RequestParser parser(HeadLimits{});
  RequestHead head;
  Arena arena;
  if (parser.Parse({copy.data(), copy.size()}, head) != Progress::kDone) return;
  if (ResolveTarget(head, "http", EscapedSlashes::kReject, arena) != TargetResult::kOk) return;
  StripRequest(head.headers);
  std::string out(HeadSize(head), 0);
  size_t size = WriteRequestHead(head, false, {out.data(), out.size()});
  Require(size != 0, "cannot write what was read");
  RequestParser again(HeadLimits{.line_bytes = 1 << 20, .header_bytes = 1 << 20, .header_count = 200});
  RequestHead reread;
  Require(again.Parse({out.data(), size}, reread) == Progress::kDone, "cannot read what was written");
  Require(again.consumed() == size, "read less than was written");
  Require(reread.framing.kind == head.framing.kind && reread.framing.length == head.framing.length, "other framing");
}

}  // namespace
}  // namespace penstock::http::h1

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::http::h1;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (size > 0) CheckSplit(input, data[size - 1] * size / 256);
  CheckRoundTrip(input);
  std::string difference = CompareRequest(input);
  Require(difference.empty(), difference);
  return 0;
}
