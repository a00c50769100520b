#pragma once

#include <memory>
#include <utility>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/authentication/authentication_config.h"

namespace penstock::policies {

// Refuses whoever has not proven what the route asks for: 401 with challenges, or 503 if that could not be judged.
// Behind the policies that judge credentials, before those that ask who it is.
class AuthenticationPolicy final : public Policy {
 public:
  explicit AuthenticationPolicy(std::shared_ptr<const AuthenticationConfig> config) : config_(std::move(config)) {}

  Task<Verdict> OnRequest(Exchange& x) const override;

 private:
  std::shared_ptr<const AuthenticationConfig> config_;
};

}  // namespace penstock::policies
