#include "dataplane/snapshot/explain_backends.h"

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {
namespace {

std::string EndpointText(const CompiledEndpoint& endpoint) {
  if (endpoint.address.starts_with("unix:")) return endpoint.address;
  bool v6 = endpoint.address.find(':') != std::string::npos;
  return StrCat(v6 ? StrCat("[", endpoint.address, "]") : endpoint.address, ":", endpoint.port);
}

// How connections to a cluster speak, if it is not HTTP/1.1 or bytes: " in HTTP/2". With TLS that is agreed on, and
// Explanation::endpoint_tls says it.
std::string SpeechOf(const CompiledCluster& cluster) {
  bool http2 = cluster.protocol == CompiledCluster::Protocol::kHttp2 && !cluster.tls.has_value();
  std::string text = http2 ? " in HTTP/2" : "";
  if (cluster.proxy_protocol != CompiledCluster::ProxyProtocol::kNone) text += " behind a PROXY header";
  return text;
}

}  // namespace

void ExplainBackend(const Snapshot& snapshot, const WeightedCluster& cluster, uint64_t total_weight,
                    const ShareAnswers& answers, Explanation& explanation) {
  ExplainedBackend backend;
  backend.cluster = cluster.cluster;
  backend.weight = cluster.weight;
  backend.share = total_weight == 0 ? 0 : static_cast<double>(cluster.weight) / total_weight;
  if (cluster.cluster.empty()) {
    backend.problem = StrCat(cluster.problem.empty() ? "unresolved" : cluster.problem, ": ", answers.unresolved);
    explanation.backends.push_back(std::move(backend));
    return;
  }
  const CompiledCluster& compiled = **snapshot.FindCluster(cluster.cluster);
  if (const auto* dns = std::get_if<DnsDiscovery>(&compiled.discovery)) {
    backend.endpoints = dns->names.size();
  } else if (const Shared<EndpointSet>* set = snapshot.FindEndpoints(cluster.cluster)) {
    for (const CompiledEndpoint& endpoint : (*set)->endpoints) backend.endpoints += endpoint.weight > 0 ? 1 : 0;
  }
  if (backend.endpoints == 0) backend.problem = StrCat("no endpoint: ", answers.no_endpoint);
  explanation.backends.push_back(std::move(backend));
}

std::string EndpointsOf(const Snapshot& snapshot, const std::string& cluster) {
  const CompiledCluster& compiled = **snapshot.FindCluster(cluster);
  std::vector<std::string> names;
  if (const auto* dns = std::get_if<DnsDiscovery>(&compiled.discovery)) {
    for (const DnsTarget& target : dns->names)
      names.push_back(StrCat(target.name, ":", target.port, " (resolved live)"));
  } else if (const Shared<EndpointSet>* set = snapshot.FindEndpoints(cluster)) {
    for (const CompiledEndpoint& endpoint : (*set)->endpoints) {
      if (endpoint.weight > 0) names.push_back(EndpointText(endpoint));
    }
  }
  if (names.empty()) return "";
  std::string choice = names.size() == 1 ? "" : StrCat("one of ", names.size(), " by ", compiled.lb_algorithm, ", as ");
  return StrCat(choice, names[0], SpeechOf(compiled));
}

}  // namespace penstock::snapshot
