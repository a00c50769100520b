#include "dataplane/snapshot/explain.h"

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/nearest.h"
#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {
namespace {

const BindGroup* GroupFor(const Snapshot& snapshot, const ExplainRequest& request) {
  const BindGroup* group = snapshot.FindBindGroup(request.address, request.port);
  if (group != nullptr || !request.address.empty()) return group;
  for (const BindKey& key : snapshot.bind_keys()) {
    if (key.port == request.port) return snapshot.FindBindGroup(key.address, key.port);
  }
  return nullptr;
}

void ExplainPolicies(const Snapshot& snapshot, const std::string& chain_name, Explanation& explanation) {
  if (chain_name.empty()) return;
  for (const CompiledPolicy& policy : (*snapshot.FindPolicyChain(chain_name))->policies) {
    explanation.policies.push_back({policy.type, chain_name, policy.origin, policy.config->Describe()});
  }
}

std::string DescribePath(const PathRewrite& path) {
  if (const auto* full = std::get_if<ReplaceFullPath>(&path)) return StrCat("path ", full->path);
  if (const auto* prefix = std::get_if<ReplacePrefix>(&path)) return StrCat("prefix ", prefix->prefix);
  return "";
}

void ExplainFilters(const Filters& filters, const std::string& of, Explanation& explanation) {
  if (filters.cors != nullptr) explanation.filters.push_back(StrCat("cors: ", filters.cors->Describe(), of));
  for (const policies::HeaderOp& op : filters.request_headers) {
    explanation.filters.push_back(StrCat("request header: ", policies::DescribeHeaderOp(op), of));
  }
  if (filters.rewrite.has_value()) {
    std::string host = filters.rewrite->hostname.empty() ? "" : StrCat(" host ", filters.rewrite->hostname);
    std::string path = DescribePath(filters.rewrite->path);
    explanation.filters.push_back(StrCat("rewrite:", host, path.empty() ? "" : " ", path, of));
  }
  for (const Mirror& mirror : filters.mirrors) {
    explanation.filters.push_back(StrCat("mirror: ", mirror.numerator, "/", mirror.denominator, " to ",
                                         mirror.cluster.empty() ? "nothing (unresolved)" : mirror.cluster, of));
  }
  for (const policies::HeaderOp& op : filters.response_headers) {
    explanation.filters.push_back(StrCat("response header: ", policies::DescribeHeaderOp(op), of));
  }
}

void ExplainBackend(const Snapshot& snapshot, const Forward& forward, const WeightedCluster& cluster,
                    Explanation& explanation) {
  ExplainedBackend backend;
  backend.cluster = cluster.cluster;
  backend.weight = cluster.weight;
  backend.share = forward.total_weight == 0 ? 0 : static_cast<double>(cluster.weight) / forward.total_weight;
  if (cluster.cluster.empty()) {
    backend.problem = StrCat(cluster.problem.empty() ? "unresolved" : cluster.problem, ": 500");
    explanation.backends.push_back(std::move(backend));
    return;
  }
  const CompiledCluster& compiled = **snapshot.FindCluster(cluster.cluster);
  if (const auto* dns = std::get_if<DnsDiscovery>(&compiled.discovery)) {
    backend.endpoints = dns->names.size();
  } else if (const Shared<EndpointSet>* set = snapshot.FindEndpoints(cluster.cluster)) {
    for (const CompiledEndpoint& endpoint : (*set)->endpoints) backend.endpoints += endpoint.weight > 0 ? 1 : 0;
  }
  if (backend.endpoints == 0) backend.problem = "no endpoint: 503";
  explanation.backends.push_back(std::move(backend));
}

// The endpoints among which the live load balancer chooses.
std::string EndpointsOf(const Snapshot& snapshot, const std::string& cluster) {
  const CompiledCluster& compiled = **snapshot.FindCluster(cluster);
  std::vector<std::string> names;
  if (const auto* dns = std::get_if<DnsDiscovery>(&compiled.discovery)) {
    for (const DnsTarget& target : dns->names)
      names.push_back(StrCat(target.name, ":", target.port, " (resolved live)"));
  } else if (const Shared<EndpointSet>* set = snapshot.FindEndpoints(cluster)) {
    for (const CompiledEndpoint& endpoint : (*set)->endpoints) {
      bool v6 = endpoint.address.find(':') != std::string::npos;
      std::string address = v6 ? StrCat("[", endpoint.address, "]") : endpoint.address;
      if (endpoint.weight > 0) names.push_back(StrCat(address, ":", endpoint.port));
    }
  }
  if (names.empty()) return "";
  if (names.size() == 1) return names[0];
  return StrCat("one of ", names.size(), " by ", compiled.lb_algorithm, ", as ", names[0]);
}

std::string ExplainForward(const Snapshot& snapshot, const Forward& forward, uint64_t seed, Explanation& explanation) {
  for (const WeightedCluster& cluster : forward.clusters) ExplainBackend(snapshot, forward, cluster, explanation);
  const WeightedCluster* picked = PickCluster(forward, seed);
  if (picked == nullptr) return "500: no backend has a weight";
  explanation.backends[picked - forward.clusters.data()].picked = true;
  if (picked->cluster.empty()) return "500: the picked backend is unresolved";
  ExplainFilters(picked->filters, StrCat(" (backend ", picked->cluster, ")"), explanation);
  explanation.endpoint = EndpointsOf(snapshot, picked->cluster);
  return StrCat("forward to ", picked->cluster);
}

std::string ExplainAction(const Snapshot& snapshot, const Action& action, uint64_t seed, Explanation& explanation) {
  if (const auto* forward = std::get_if<Forward>(&action)) return ExplainForward(snapshot, *forward, seed, explanation);
  if (const auto* reply = std::get_if<StaticReply>(&action)) return StrCat("reply ", reply->status);
  const auto& redirect = std::get<Redirect>(action);
  std::string to;
  if (!redirect.scheme.empty()) to += StrCat(" scheme ", redirect.scheme);
  if (!redirect.hostname.empty()) to += StrCat(" host ", redirect.hostname);
  if (redirect.port != 0) to += StrCat(" port ", redirect.port);
  std::string path = DescribePath(redirect.path);
  if (!path.empty()) to += StrCat(" ", path);
  return StrCat("redirect ", redirect.status, to);
}

}  // namespace

Explanation Explain(const Snapshot& snapshot, const ExplainRequest& request) {
  Explanation explanation;
  explanation.generation = snapshot.id();
  explanation.port = request.port;
  const BindGroup* group = GroupFor(snapshot, request);
  if (group == nullptr) return explanation;
  router::Request parts{request.method, request.host, request.path, request.query, request.headers};
  Decision decision = snapshot.Decide(*group, parts);
  if (decision.listener == nullptr) return explanation;
  const CompiledListener& listener = **decision.listener;
  explanation.listener = listener.name;
  explanation.listener_hostname = listener.hostname;
  ExplainPolicies(snapshot, listener.policy_chain, explanation);
  explanation.misses = NearestMisses(snapshot, listener.name, parts, decision.match);
  explanation.outcome = decision.match == nullptr ? Explanation::Outcome::kNoRoute : Explanation::Outcome::kRouted;
  if (decision.match == nullptr) return explanation;
  const CompiledRule& rule = decision.rule();
  explanation.route = decision.route().name;
  explanation.rule = RuleLabel(decision.route(), decision.match->rule);
  explanation.match = DescribeMatch(*decision.match);
  ExplainPolicies(snapshot, rule.policy_chain, explanation);
  ExplainFilters(rule.filters, "", explanation);
  explanation.action = ExplainAction(snapshot, rule.action, request.seed, explanation);
  return explanation;
}

}  // namespace penstock::snapshot
