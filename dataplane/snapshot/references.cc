#include "dataplane/snapshot/references.h"

#include "dataplane/snapshot/hash.h"

namespace penstock::snapshot {
namespace {

void ForEachMirror(const Filters& filters, const Field& parent, VisitReference visit) {
  for (const Mirror& mirror : filters.mirrors) {
    if (!mirror.cluster.empty()) visit(kClusterType, mirror.cluster, Field(parent, "filters"));
  }
}

void ForEachCluster(const Forward& forward, const Field& rule, VisitReference visit) {
  Field parent(rule, "forward");
  for (size_t i = 0; i < forward.clusters.size(); ++i) {
    const WeightedCluster& cluster = forward.clusters[i];
    Field field(parent, "clusters", static_cast<int>(i));
    if (!cluster.cluster.empty()) visit(kClusterType, cluster.cluster, Field(field, "cluster"));
    ForEachMirror(cluster.filters, field, visit);
  }
}

}  // namespace

void ForEachReference(const CompiledListener& listener, VisitReference visit) {
  if (!listener.policy_chain.empty()) visit(kPolicyChainType, listener.policy_chain, Field("policy_chain"));
}

void ForEachReference(const CompiledRoute& route, VisitReference visit) {
  for (size_t i = 0; i < route.attachments.size(); ++i) {
    Field field("attachments", static_cast<int>(i));
    visit(kListenerType, route.attachments[i].listener, Field(field, "listener"));
  }
  for (size_t i = 0; i < route.rules.size(); ++i) {
    const CompiledRule& rule = route.rules[i];
    Field field("rules", static_cast<int>(i));
    if (!rule.policy_chain.empty()) visit(kPolicyChainType, rule.policy_chain, Field(field, "policy_chain"));
    ForEachMirror(rule.filters, field, visit);
    if (const auto* forward = std::get_if<Forward>(&rule.action)) ForEachCluster(*forward, field, visit);
  }
}

}  // namespace penstock::snapshot
