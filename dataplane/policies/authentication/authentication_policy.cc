#include "dataplane/policies/authentication/authentication_policy.h"

namespace penstock::policies {

Task<Verdict> AuthenticationPolicy::OnRequest(Exchange& x) const {
  AuthDecision decision = config_->Decide(x.identity);
  if (decision.kind == AuthDecision::Kind::kProven) return Verdict::Continue();
  x.detail = AuthenticationConfig::Why(decision, x.identity, x.arena);
  if (decision.kind == AuthDecision::Kind::kUnknown) return Verdict::Reply(Reason::kPolicyUnavailable);
  config_->AddChallenges(decision, x.identity, x.response.headers);
  return Verdict::Reply(Reason::kUnauthenticated);
}

}  // namespace penstock::policies
