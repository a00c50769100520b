// What a SecurityPolicy or RateLimitPolicy says that cannot be done, beside its targets.
#pragma once

#include "api/manifests/v1/ratelimitpolicy.pb.h"
#include "api/manifests/v1/securitypolicy.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"

namespace penstock::translator {

void CheckSecurityPolicy(const api::SecurityPolicySpec& spec, const ObjectKey& policy, Reader& reader,
                         FindingSink& findings);
void CheckRateLimitPolicy(const api::RateLimitPolicySpec& spec, const ObjectKey& policy, Reader& reader,
                          FindingSink& findings);

}  // namespace penstock::translator
