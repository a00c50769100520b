// What explain knows of the world in a data plane that serves: its policies tell it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/proxy/policy_chains.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::admin {

// The Facts of one explanation. CHAINS are those of the snapshot that is asked, and outlive this.
class LiveFacts final : public snapshot::FactSource, public policies::Facts {
 public:
  // NOW is on the clock of the workers.
  LiveFacts(const proxy::PolicyChains& chains, TimePoint now) : chains_(chains), now_(now) {}

  const policies::Facts& About(Exchange& x, std::string_view chain, size_t index) override;
  std::optional<std::string_view> Find(std::string_view name) const override;

 private:
  const proxy::PolicyChains& chains_;
  const TimePoint now_;
  std::vector<std::pair<std::string, std::string>> known_;  // of one policy
};

}  // namespace penstock::admin
