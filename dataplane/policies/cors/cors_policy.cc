#include "dataplane/policies/cors/cors_policy.h"

#include "dataplane/policies/cors/cors_fields.h"
#include "dataplane/policies/slots.h"

namespace penstock::policies {
namespace {

// What the CORS policies of one exchange decided: a chain may hold several. In the exchange's arena.
struct Decided {
  const CorsPolicy* by;
  CorsDecision decision;
  Decided* next;
};

}  // namespace

Task<Verdict> CorsPolicy::OnRequest(Exchange& x) const {
  CorsDecision decision = config_->Decide(x.request.method_text, x.request.headers);
  if (decision.kind == CorsDecision::Kind::kPreflight) {
    SetCorsFields(decision, x.response.headers);
    return Verdict::Reply(Reason::kCorsPreflight, 204, "");
  }
  if (decision.field_count == 0) return Verdict::Continue();
  void*& slot = x.slots[kCorsSlot];
  slot = x.arena.New<Decided>(this, decision, static_cast<Decided*>(slot));
  return Verdict::Continue();
}

Task<Verdict> CorsPolicy::OnResponse(Exchange& x) const {
  // Not from the answer to a preflight, which is of this filter or of one within.
  if (x.reason != Reason::kCorsPreflight) RemoveCorsFields(x.response.headers);
  for (auto* decided = static_cast<Decided*>(x.slots[kCorsSlot]); decided != nullptr; decided = decided->next) {
    if (decided->by == this) SetCorsFields(decided->decision, x.response.headers);
  }
  return Verdict::Continue();
}

}  // namespace penstock::policies
