#include "dataplane/proxy/policy_chains.h"

namespace penstock::proxy {
namespace {

StatusOr<PolicyChain> MakeChain(const snapshot::CompiledPolicyChain& configured, MakePolicy make_policy) {
  PolicyChain chain;
  for (const snapshot::CompiledPolicy& one : configured.policies) {
    ASSIGN_OR_RETURN(std::shared_ptr<const Policy> policy, make_policy(one),
                     _ << "policy chain " << configured.name << ": " << one.type << " of " << one.origin);
    chain.push_back(std::move(policy));
  }
  return chain;
}

Status AddChain(const snapshot::Snapshot& snapshot, const std::string& name, MakePolicy make_policy,
                std::map<std::string, PolicyChain, std::less<>>& chains) {
  if (name.empty() || chains.contains(name)) return absl::OkStatus();
  const snapshot::Shared<snapshot::CompiledPolicyChain>* configured = snapshot.FindPolicyChain(name);
  if (configured == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(PolicyChain chain, MakeChain(**configured, make_policy));
  chains.emplace(name, std::move(chain));
  return absl::OkStatus();
}

}  // namespace

StatusOr<PolicyChains> PolicyChains::Prepare(const snapshot::Snapshot& snapshot, MakePolicy make_policy) {
  PolicyChains result;
  Status status = absl::OkStatus();
  snapshot.ForEachListener([&](const snapshot::Shared<snapshot::CompiledListener>& listener) {
    status.Update(AddChain(snapshot, listener->policy_chain, make_policy, result.chains_));
  });
  snapshot.ForEachRoute([&](const snapshot::Shared<snapshot::CompiledRoute>& route) {
    for (const snapshot::CompiledRule& rule : route->rules) {
      status.Update(AddChain(snapshot, rule.policy_chain, make_policy, result.chains_));
    }
  });
  RETURN_IF_ERROR(status);
  return result;
}

const PolicyChain& PolicyChains::Find(std::string_view name) const {
  if (name.empty()) return none_;
  auto found = chains_.find(name);
  return found == chains_.end() ? none_ : found->second;
}

}  // namespace penstock::proxy
