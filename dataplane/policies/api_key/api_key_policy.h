#pragma once

#include <memory>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/api_key/api_key_config.h"

namespace penstock::policies {

// Finds whose key a request carries, by the key's SHA-256: keys are random, so that no other work is needed to keep
// them secret, and looking a hash up tells nobody by its time how much of a guess was right. Never answers.
class ApiKeyPolicy final : public Policy {
 public:
  explicit ApiKeyPolicy(std::shared_ptr<const ApiKeyConfig> config) : config_(std::move(config)) {}

  Task<Verdict> OnRequest(Exchange& x) const override;
  void TellFacts(Exchange& x, TimePoint now, FactTeller tell) const override;

 private:
  const std::shared_ptr<const ApiKeyConfig> config_;
};

}  // namespace penstock::policies
