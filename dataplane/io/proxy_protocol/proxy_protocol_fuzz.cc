// A header in pieces gives what it gives in one, its end does not depend on what follows, it is decided within its
// limit, and what we write of its addresses we read back.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "dataplane/io/proxy_protocol/proxy_protocol.h"

namespace penstock::io {
namespace {

using Progress = ProxyHeader::Progress;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void CheckPrefixes(std::string_view input, const ProxyHeader& whole) {
  for (std::size_t size = 0; size < input.size() && size <= kMaxProxyHeader; ++size) {
    ProxyHeader part = ParseProxyHeader(input.substr(0, size));
    if (part.progress == Progress::kNeedMore) continue;
    Require(part.progress == whole.progress, "another result when split");
    Require(part.consumed == whole.consumed && part.addresses == whole.addresses, "another header when split");
    Require(part.progress != Progress::kDone || part.consumed <= size, "took more than there was");
    return;
  }
}

void CheckRoundTrip(const std::optional<ProxyAddresses>& addresses) {
  for (ProxyVersion version : {ProxyVersion::kV1, ProxyVersion::kV2}) {
    std::string written = WriteProxyHeader(version, addresses);
    ProxyHeader again = ParseProxyHeader(written);
    Require(again.progress == Progress::kDone && again.consumed == written.size(), "cannot read what was written");
    Require(again.addresses == addresses, "wrote other addresses");
  }
}

}  // namespace
}  // namespace penstock::io

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::io;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  ProxyHeader whole = ParseProxyHeader(input);
  Require(whole.progress != Progress::kNeedMore || size < kMaxProxyHeader, "needs more than its limit");
  Require((whole.progress == Progress::kError) == !whole.error.empty(), "an error says what it is");
  CheckPrefixes(input, whole);
  if (whole.progress != Progress::kDone) return 0;
  Require(whole.consumed <= size && whole.consumed <= kMaxProxyHeader, "took more than there was");
  CheckRoundTrip(whole.addresses);
  return 0;
}
