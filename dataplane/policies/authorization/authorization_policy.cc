#include "dataplane/policies/authorization/authorization_policy.h"

namespace penstock::policies {

Task<Verdict> AuthorizationPolicy::OnRequest(Exchange& x) const {
  AuthorizationDecision decision = config_->Decide(x);
  if (decision.kind == AuthorizationDecision::Kind::kAllowed) return Verdict::Continue();
  if (decision.kind == AuthorizationDecision::Kind::kDenied) x.refusing_rule = decision.rule->name;
  x.detail = AuthorizationConfig::Why(decision, x);
  return Verdict::Reply(Reason::kAccessDenied);
}

}  // namespace penstock::policies
