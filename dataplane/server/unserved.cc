#include "dataplane/server/unserved.h"

#include <string>
#include <string_view>

#include "dataplane/snapshot/hash.h"

namespace penstock::server {
namespace {

using snapshot::CompiledCluster;
using snapshot::ResourceProblem;

// Why it is not served here; "" if it is.
std::string_view Check(const CompiledCluster& cluster) {
  if (cluster.tls.has_value()) return "this build speaks to endpoints without TLS only";
  if (cluster.protocol == CompiledCluster::Protocol::kAuto) return "this build agrees with endpoints on no protocol";
  return "";
}

std::string_view CheckNamed(const snapshot::Snapshot& snapshot, const snapshot::Resource& resource) {
  if (resource.type_url != snapshot::kClusterType) return "";
  const snapshot::Shared<CompiledCluster>* found = snapshot.FindCluster(resource.name);
  return found == nullptr ? std::string_view() : Check(**found);
}

}  // namespace

std::vector<ResourceProblem> FindUnserved(const snapshot::Snapshot& snapshot,
                                          const std::vector<snapshot::Resource>& changed) {
  std::vector<ResourceProblem> problems;
  for (const snapshot::Resource& resource : changed) {
    std::string_view why = CheckNamed(snapshot, resource);
    if (why.empty()) continue;
    ResourceProblem& problem = problems.emplace_back();
    problem.set_type_url(resource.type_url);
    problem.set_name(resource.name);
    problem.set_code("E302");
    problem.set_reason(std::string(why));
    problem.set_hint("update this data plane, or take it away");
  }
  return problems;
}

}  // namespace penstock::server
