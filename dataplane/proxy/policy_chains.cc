#include "dataplane/proxy/policy_chains.h"

#include <algorithm>
#include <set>
#include <utility>

#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/state.h"

namespace penstock::proxy {
namespace {

StatusOr<Policies> MakePolicies(const snapshot::CompiledPolicyChain& configured, MakePolicy make_policy) {
  Policies policies;
  for (const snapshot::CompiledPolicy& one : configured.policies) {
    ASSIGN_OR_RETURN(std::shared_ptr<const Policy> policy, make_policy(one),
                     _ << "policy chain " << configured.name << ": " << one.type << " of " << one.origin);
    policies.push_back(std::move(policy));
  }
  return policies;
}

}  // namespace

StatusOr<PolicyChains> PolicyChains::Prepare(const snapshot::Snapshot& snapshot, MakePolicy make_policy,
                                             SecretParameters earlier) {
  PolicyChains result;
  result.seed_ = snapshot.state().seed;
  std::vector<std::string> secrets;
  Status status = absl::OkStatus();
  snapshot.ForEachPolicyChain([&](const snapshot::Shared<snapshot::CompiledPolicyChain>& configured) {
    if (status.ok()) status = result.Add(configured, make_policy, secrets);
  });
  RETURN_IF_ERROR(status);
  result.secret_parameters_ = policies::SecretParameters::With(std::move(earlier), secrets);
  return result;
}

StatusOr<PolicyChains> PolicyChains::After(const snapshot::Snapshot& next, const snapshot::Delta& delta,
                                           MakePolicy make_policy) const {
  PolicyChains result = *this;
  for (const snapshot::ResourceName& removed : delta.removals) {
    if (removed.type_url == snapshot::kPolicyChainType) result.chains_.Erase(removed.name, seed_);
  }
  std::vector<std::string> secrets;
  for (const std::string& name : ToMake(delta)) {
    const snapshot::Shared<snapshot::CompiledPolicyChain>* configured = next.FindPolicyChain(name);
    if (configured != nullptr) {
      RETURN_IF_ERROR(result.Add(*configured, make_policy, secrets));
    }
  }
  result.secret_parameters_ = policies::SecretParameters::With(secret_parameters_, secrets);
  return result;
}

std::vector<std::string> PolicyChains::ToMake(const snapshot::Delta& delta) const {
  std::set<std::string> names;
  std::set<std::string_view> secrets;
  for (const snapshot::Resource& changed : delta.upserts) {
    if (changed.type_url == snapshot::kPolicyChainType) names.insert(changed.name);
    if (changed.type_url == snapshot::kSecretType) secrets.insert(changed.name);
  }
  auto mentions = [&](const Named& chain) {
    return std::any_of(chain.secrets.begin(), chain.secrets.end(),
                       [&](const std::string& secret) { return secrets.contains(secret); });
  };
  if (!secrets.empty()) {
    chains_.ForEach([&](const Named& chain) {
      if (mentions(chain)) names.insert(chain.name);
    });
  }
  return {names.begin(), names.end()};
}

const PolicyChain& PolicyChains::Find(std::string_view name) const {
  if (name.empty()) return none_;
  const Named* found = chains_.Find(name, seed_);
  return found == nullptr ? none_ : found->chain;
}

void PolicyChains::Insert(std::string_view name, Policies policies) {
  chains_.Erase(name, seed_);
  chains_.Insert(router::Ref<Named>(new Named(name, PolicyChain{std::move(policies), nullptr})), seed_);
}

Status PolicyChains::Add(const snapshot::Shared<snapshot::CompiledPolicyChain>& configured, MakePolicy make_policy,
                         std::vector<std::string>& secrets) {
  ASSIGN_OR_RETURN(Policies policies, MakePolicies(*configured, make_policy));
  router::Ref<Named> named(new Named(configured->name, PolicyChain{std::move(policies), configured}));
  for (const snapshot::CompiledPolicy& policy : configured->policies) {
    for (std::string& secret : policy.config->Secrets()) named.Edit().secrets.push_back(std::move(secret));
    for (std::string& name : policy.config->SecretQueryParameters()) secrets.push_back(std::move(name));
  }
  chains_.Erase(configured->name, seed_);
  chains_.Insert(std::move(named), seed_);
  return absl::OkStatus();
}

}  // namespace penstock::proxy
