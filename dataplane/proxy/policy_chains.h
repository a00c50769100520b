#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "dataplane/base/status.h"
#include "dataplane/exchange/policy.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::proxy {

// The run-objects of one chain, in the order in which they see a request.
using PolicyChain = std::vector<std::shared_ptr<const Policy>>;
// Makes the run-object of one configured policy; called while a generation is prepared, off the workers.
using MakePolicy = absl::FunctionRef<StatusOr<std::shared_ptr<const Policy>>(const snapshot::CompiledPolicy&)>;

// The run-objects of all policy chains of a generation. Immutable once prepared; shared by all workers.
class PolicyChains {
 public:
  // Makes the policies of every chain that SNAPSHOT's listeners and rules name. An error names the chain and the
  // policy; nothing is left behind.
  static StatusOr<PolicyChains> Prepare(const snapshot::Snapshot& snapshot, MakePolicy make_policy);

  // The chain of that name; empty for "".
  const PolicyChain& Find(std::string_view name) const;
  void Insert(std::string_view name, PolicyChain chain) {
    chains_.insert_or_assign(std::string(name), std::move(chain));
  }

 private:
  std::map<std::string, PolicyChain, std::less<>> chains_;
  PolicyChain none_;
};

}  // namespace penstock::proxy
