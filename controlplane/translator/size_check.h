// Bounds of a RateLimitPolicy that have no effect, since the listeners' own are smaller.
#pragma once

#include "api/manifests/v1/ratelimitpolicy.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"

namespace penstock::translator {

// Only where no listener that the policy is for would let anything through to the bound.
void CheckSizes(const api::RateLimitPolicySpec& spec, const ObjectKey& policy, Reader& reader, FindingSink& findings);

}  // namespace penstock::translator
