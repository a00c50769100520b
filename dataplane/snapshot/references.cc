#include "dataplane/snapshot/references.h"

#include "dataplane/snapshot/hash.h"

namespace penstock::snapshot {
namespace {

void ForEachMirror(const Filters& filters, const Field& parent, VisitReference visit) {
  for (const Mirror& mirror : filters.mirrors) {
    if (!mirror.cluster.empty()) visit(kClusterType, mirror.cluster, Field(parent, "filters"));
  }
}

void ForEachCluster(const std::vector<WeightedCluster>& clusters, const Field& parent, VisitReference visit) {
  for (size_t i = 0; i < clusters.size(); ++i) {
    const WeightedCluster& cluster = clusters[i];
    Field field(parent, "clusters", static_cast<int>(i));
    if (!cluster.cluster.empty()) visit(kClusterType, cluster.cluster, Field(field, "cluster"));
    ForEachMirror(cluster.filters, field, visit);
  }
}

void ForEachSecret(const std::vector<std::string>& names, const Field& parent, const char* field,
                   VisitReference visit) {
  for (size_t i = 0; i < names.size(); ++i) visit(kSecretType, names[i], Field(parent, field, static_cast<int>(i)));
}

}  // namespace

void ForEachReference(const CompiledListener& listener, VisitReference visit) {
  if (!listener.policy_chain.empty()) visit(kPolicyChainType, listener.policy_chain, Field("policy_chain"));
  if (!listener.tls.has_value()) return;
  Field tls("tls");
  ForEachSecret(listener.tls->certificates, tls, "certificates", visit);
  if (listener.tls->client.has_value()) ForEachSecret(listener.tls->client->ca, Field(tls, "client"), "ca", visit);
}

void ForEachReference(const CompiledCluster& cluster, VisitReference visit) {
  if (!cluster.tls.has_value()) return;
  Field tls("tls");
  ForEachSecret(cluster.tls->ca, tls, "ca", visit);
  const std::string& certificate = cluster.tls->client_certificate;
  if (!certificate.empty()) visit(kSecretType, certificate, Field(tls, "client_certificate"));
}

void ForEachReference(const CompiledPolicyChain& chain, VisitReference visit) {
  for (size_t i = 0; i < chain.policies.size(); ++i) {
    Field field("policies", static_cast<int>(i));
    for (const std::string& secret : chain.policies[i].config->Secrets()) {
      visit(kSecretType, secret, Field(field, "config"));
    }
    for (const std::string& cluster : chain.policies[i].config->Clusters()) {
      visit(kClusterType, cluster, Field(field, "config"));
    }
    for (const std::string& list : chain.policies[i].config->AddressLists()) {
      visit(kAddressListType, list, Field(field, "config"));
    }
  }
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
    for (const auto& [listener, chain] : rule.listener_chains) {
      if (!chain.empty()) visit(kPolicyChainType, chain, Field(field, "listener_policy_chains"));
    }
    ForEachMirror(rule.filters, field, visit);
    if (const auto* forward = std::get_if<Forward>(&rule.action)) {
      ForEachCluster(forward->clusters, Field(field, "forward"), visit);
    } else if (const auto* tunnel = std::get_if<Tunnel>(&rule.action)) {
      ForEachCluster(tunnel->clusters, Field(field, "tunnel"), visit);
    }
  }
}

}  // namespace penstock::snapshot
