#pragma once

#include <memory>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/cors/cors_config.h"

namespace penstock::policies {

// CORS as a policy of a chain: answers preflights, and sets the fields of the responses to actual requests. It decides
// once, on the request as it came: what other policies do to the Origin field afterwards does not matter.
class CorsPolicy final : public Policy {
 public:
  explicit CorsPolicy(std::shared_ptr<const CorsConfig> config) : config_(std::move(config)) {}

  Task<Verdict> OnRequest(Exchange& x) const override;
  Task<Verdict> OnResponse(Exchange& x) const override;

 private:
  std::shared_ptr<const CorsConfig> config_;
};

}  // namespace penstock::policies
