#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "dataplane/base/status.h"
#include "dataplane/exchange/policy.h"
#include "dataplane/policies/credentials/secret_parameters.h"
#include "dataplane/router/persistent_set.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::proxy {

using Policies = std::vector<std::shared_ptr<const Policy>>;

// One chain, ready to run.
struct PolicyChain {
  Policies policies;  // in the order in which they see a request
  // What they were made of, one for one: who refuses is said by its names. null: Insert() was told of none.
  snapshot::Shared<snapshot::CompiledPolicyChain> configured;
};

// Makes the run-object of one configured policy; called while a generation is prepared, off the workers.
using MakePolicy = absl::FunctionRef<StatusOr<std::shared_ptr<const Policy>>(const snapshot::CompiledPolicy&)>;

// The run-objects of all policy chains of a generation, shared by all workers. A value whose copies share what they
// hold, with counts that are not atomic: like Snapshots, those that come from one another are made, changed and
// destroyed on one thread, while any thread may Find.
class PolicyChains {
 public:
  using SecretParameters = std::shared_ptr<const policies::SecretParameters>;

  // Makes the policies of every chain of SNAPSHOT. An error names the chain and the policy. EARLIER: of the chains that
  // these replace.
  static StatusOr<PolicyChains> Prepare(
      const snapshot::Snapshot& snapshot, MakePolicy make_policy,
      SecretParameters earlier = std::make_shared<const policies::SecretParameters>());

  // The chains of NEXT, which came out of this object's snapshot by DELTA: makes those that DELTA names, and those that
  // mention a Secret that it names; shares the others.
  StatusOr<PolicyChains> After(const snapshot::Snapshot& next, const snapshot::Delta& delta,
                               MakePolicy make_policy) const;

  // What logs hide of queries, whichever chain a request runs through. Whatever was one stays one, for the requests
  // that were decided by it; so this is shared as long as no name is new.
  const SecretParameters& secret_parameters() const { return secret_parameters_; }

  // The chain of that name; empty for "". Stays where it is as long as this lives.
  const PolicyChain& Find(std::string_view name) const;
  // For tests.
  void Insert(std::string_view name, Policies policies);

 private:
  struct Named : router::Counted {
    Named(std::string_view n, PolicyChain c) : name(n), chain(std::move(c)) {}
    std::string_view key() const { return name; }
    static Named* Clone(const Named& from) { return new Named(from); }
    static void Destroy(Named* named) { delete named; }

    std::string name;
    PolicyChain chain;
    std::vector<std::string> secrets;  // that its policies are made of
  };

  // Puts the names of what it adds into SECRETS.
  Status Add(const snapshot::Shared<snapshot::CompiledPolicyChain>& configured, MakePolicy make_policy,
             std::vector<std::string>& secrets);
  std::vector<std::string> ToMake(const snapshot::Delta& delta) const;

  uint64_t seed_ = 0;  // the snapshot's
  router::PersistentSet<Named> chains_;
  PolicyChain none_;
  SecretParameters secret_parameters_ = std::make_shared<const policies::SecretParameters>();
};

}  // namespace penstock::proxy
