#pragma once

#include <memory>

#include "dataplane/exchange/policy.h"
#include "dataplane/exchange/side_calls.h"
#include "dataplane/policies/external_auth/external_auth_config.h"

namespace penstock::policies {

class ExternalAuthPolicy final : public Policy {
 public:
  explicit ExternalAuthPolicy(std::shared_ptr<const ExternalAuthConfig> config) : config_(std::move(config)) {}

  Task<Verdict> OnRequest(Exchange& x) const override;

 private:
  Task<Verdict> Ask(Exchange& x, SideCalls& calls) const;
  void TakeFields(const SideResponse& answer, Exchange& x) const;
  Verdict Refuse(const SideResponse& answer, Exchange& x) const;
  Verdict Fail(std::string_view why, Exchange& x) const;

  const std::shared_ptr<const ExternalAuthConfig> config_;
};

}  // namespace penstock::policies
