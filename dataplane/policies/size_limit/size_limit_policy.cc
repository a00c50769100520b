#include "dataplane/policies/size_limit/size_limit_policy.h"

#include "dataplane/policies/size_limit/bounded_body.h"

namespace penstock::policies {

Task<Verdict> SizeLimitPolicy::OnRequest(Exchange& x) const {
  SizeLimitConfig::Decision decision = config_->Decide(x);
  if (decision.reason != Reason::kNone) {
    x.detail = x.arena.Copy(decision.bound->detail);
    return Verdict::Reply(decision.reason);
  }
  // The exchange keeps this policy, and with it the bound, until it has ended.
  const SizeBound* streamed = config_->ForStreamed(x);
  if (streamed != nullptr) x.request_body = &x.Own<BoundedBody>(x, *streamed, *this);
  return Verdict::Continue();
}

}  // namespace penstock::policies
