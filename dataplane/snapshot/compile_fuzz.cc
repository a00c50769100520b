#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "dataplane/snapshot/compile.h"
#include "dataplane/snapshot/explain.h"
#include "dataplane/snapshot/hash.h"

namespace {

using namespace penstock::snapshot;

constexpr std::string_view kTypes[] = {kListenerType,  kRouteType,       kClusterType,
                                       kEndpointsType, kPolicyChainType, kSecretType};

// What routes refer to: the listener "l" on port 80 and the cluster "c" with endpoints of their own.
constexpr std::string_view kListener("\n\1l\30\120\40\1", 7);
constexpr std::string_view kCluster("\n\1c\22\0", 5);

// The name that a message of our types holds in its first field, so that some inputs get past the check of names.
std::string NameIn(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[0] != 0x0a) return "n";
  return std::string(bytes.substr(2, static_cast<unsigned char>(bytes[1])));
}

}  // namespace

// Hostile bytes as resources on top of each other: refused with problems, or a snapshot that answers and explains.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Delta delta;
  delta.upserts.push_back({std::string(kListenerType), "l", "", std::string(kListener)});
  delta.upserts.push_back({std::string(kClusterType), "c", "", std::string(kCluster)});
  delta.upserts.push_back(
      {std::string(kTypes[data[0] % std::size(kTypes)]), NameIn(bytes.substr(2)), "", std::string(bytes.substr(2))});
  CompileOutcome outcome = Compile(nullptr, delta);
  if (outcome.ok() != outcome.problems.empty()) std::abort();
  if (!outcome.ok()) return 0;
  ExplainRequest request;
  request.target = "/" + std::string(bytes.substr(2, 20));
  request.fields = {{"host", "a.example"}, {std::string(bytes.substr(2, 8)), std::string(bytes.substr(0, 12))}};
  ExplanationJson(Explain(*outcome.snapshot, request));
  ExplanationText(Explain(*outcome.snapshot, request));
  Delta removal{{}, {{delta.upserts.back().type_url, delta.upserts.back().name}}, {}};
  Compile(outcome.snapshot.get(), removal);
  return 0;
}
