#include "controlplane/management/effective.h"

#include <set>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::management {
namespace {

using snapshot::CompiledRoute;
using snapshot::Snapshot;

// "shop/users", and "shop/users@ns/gateway" for another Gateway of the same route; other kinds have a prefix.
bool IsOf(std::string_view resource, const management::v1::ObjectRef& route) {
  std::string name = StrCat(route.namespace_().empty() ? "default" : route.namespace_(), "/", route.name());
  if (route.kind() == "GRPCRoute") name = "grpcroute/" + name;
  return resource == name || resource.starts_with(name + "@");
}

void AddRule(const Snapshot& snapshot, const CompiledRoute& route, size_t index, const std::string& listener,
             management::v1::EffectiveResponse& response) {
  const snapshot::CompiledRule& rule = route.rules[index];
  management::v1::EffectiveRule& out = *response.add_rules();
  out.set_rule(snapshot::RuleLabel(route, index));
  out.set_listener(listener);
  std::string_view chain = rule.ChainFor(listener);
  if (chain.empty()) chain = (*snapshot.FindListener(listener))->policy_chain;
  if (chain.empty()) return;
  for (const snapshot::CompiledPolicy& policy : (*snapshot.FindPolicyChain(chain))->policies) {
    management::v1::EffectivePolicy& row = *out.add_policies();
    row.set_type(policy.type);
    row.set_origin(policy.origin);
    row.set_does(policy.config->Describe());
  }
}

}  // namespace

absl::StatusOr<management::v1::EffectiveResponse> Effective(
    const std::map<std::string, rollout::SnapshotPtr>& snapshots, const management::v1::ObjectRef& route) {
  management::v1::EffectiveResponse response;
  std::set<std::string> seen;  // groups of data planes may serve the same
  for (const auto& [group, snapshot] : snapshots) {
    snapshot->ForEachRoute([&](const snapshot::Shared<CompiledRoute>& compiled) {
      if (!IsOf(compiled->name, route) || !seen.insert(compiled->name).second) return;
      for (const snapshot::CompiledAttachment& attachment : compiled->attachments) {
        for (size_t i = 0; i < compiled->rules.size(); ++i)
          AddRule(*snapshot, *compiled, i, attachment.listener, response);
      }
    });
  }
  if (response.rules().empty()) {
    return absl::NotFoundError(StrCat("no data plane has ", route.kind(), " \"", route.name(),
                                      "\": it does not exist, or is attached to no listener that is served"));
  }
  return response;
}

}  // namespace penstock::management
