#pragma once

#include <memory>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/client_certificate/client_certificate_config.h"

namespace penstock::policies {

// Never answers: what must be proven is the policy "authentication"'s to say.
class ClientCertificatePolicy final : public Policy {
 public:
  explicit ClientCertificatePolicy(std::shared_ptr<const ClientCertificateConfig>) {}

  Task<Verdict> OnRequest(Exchange& x) const override {
    ClientCertificateConfig::Decide(x);
    return Verdict::Continue();
  }
};

}  // namespace penstock::policies
