#pragma once

#include <memory>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/size_limit/size_limit_config.h"

namespace penstock::policies {

// Refuses requests that are too large: at once where their head says so, else when their content goes over.
class SizeLimitPolicy final : public Policy {
 public:
  explicit SizeLimitPolicy(std::shared_ptr<const SizeLimitConfig> config) : config_(std::move(config)) {}

  Task<Verdict> OnRequest(Exchange& x) const override;

 private:
  const std::shared_ptr<const SizeLimitConfig> config_;
};

}  // namespace penstock::policies
