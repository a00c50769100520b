#include "dataplane/server/unserved.h"

#include <string>
#include <string_view>

#include "dataplane/proxy/alpn.h"
#include "dataplane/snapshot/hash.h"

namespace penstock::server {
namespace {

using snapshot::CompiledCluster;
using snapshot::ListenerProtocol;
using snapshot::ResourceProblem;

// Why it is not served here; "" if it is.
std::string_view Check(const snapshot::CompiledListener& listener) {
  if (listener.protocol == ListenerProtocol::kHttps &&
      proxy::OnlyServed(listener.tls->alpn, proxy::kServedProtocols).empty())
    return "this build serves HTTP/1.1 only, which alpn does not name";
  if (listener.client.http2.prior_knowledge) return "this build serves HTTP/1.1 only";
  return "";
}

std::string_view Check(const CompiledCluster& cluster) {
  if (cluster.tls.has_value()) return "this build speaks to endpoints without TLS only";
  if (cluster.protocol == CompiledCluster::Protocol::kAuto) return "this build agrees with endpoints on no protocol";
  return "";
}

template <typename T>
std::string_view CheckFound(const snapshot::Shared<T>* found) {
  return found == nullptr ? std::string_view() : Check(**found);
}

std::string_view CheckNamed(const snapshot::Snapshot& snapshot, const snapshot::Resource& resource) {
  if (resource.type_url == snapshot::kListenerType) return CheckFound(snapshot.FindListener(resource.name));
  if (resource.type_url == snapshot::kClusterType) return CheckFound(snapshot.FindCluster(resource.name));
  return "";
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
