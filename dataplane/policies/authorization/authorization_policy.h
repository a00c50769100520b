#pragma once

#include <memory>
#include <utility>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/authorization/authorization_config.h"

namespace penstock::policies {

// Refuses what nobody may do, or not this somebody: 403, also if it is not known who asks; 401 is `authentication`'s
// to say. Behind everything that finds out who asks, before everything that changes the request. The exchange's detail
// names the rule.
class AuthorizationPolicy final : public Policy {
 public:
  explicit AuthorizationPolicy(std::shared_ptr<const AuthorizationConfig> config) : config_(std::move(config)) {}

  Task<Verdict> OnRequest(Exchange& x) const override;

 private:
  std::shared_ptr<const AuthorizationConfig> config_;
};

}  // namespace penstock::policies
