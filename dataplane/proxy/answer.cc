#include "dataplane/policies/cors/cors_config.h"
#include "dataplane/policies/cors/cors_fields.h"
#include "dataplane/policies/headers/header_ops.h"
#include "dataplane/proxy/steps.h"

namespace penstock::proxy {
namespace {

enum class Which { kAll, kForPreflights };

// A preflight request is answered, not refused.
void NoteRefusal(Exchange& x, const Policy& by, Reason reason) {
  if (reason != Reason::kCorsPreflight) x.refusal = {&by, reason};
}

// What is sure now is told now: the response may run on for hours.
void AuditSoFar(Call& call) {
  if (call.proxy.audit != nullptr) [[unlikely]]
    Audit(call, call.x.response.status);
}

Task<Verdict> AskEach(Call& call, Which which) {
  for (const std::shared_ptr<const Policy>& policy : call.chain->policies) {
    if (which == Which::kForPreflights && !policy->SeesPreflights()) break;
    ++call.ran;
    Verdict verdict = co_await policy->OnRequest(call.x);
    if (!verdict.is_reply()) continue;
    NoteRefusal(call.x, *policy, verdict.reason());
    co_return verdict;
  }
  co_return Verdict::Continue();
}

Task<Verdict> AskPolicies(Call& call, Which which) {
  if (call.chain == nullptr || call.chain->policies.empty()) return Verdict::Continue();
  return AskEach(call, which);
}

Task<void> TellPolicies(Call& call) {
  for (size_t i = call.ran; i-- > 0;) {
    const Policy& policy = *call.chain->policies[i];
    Verdict verdict = co_await policy.OnResponse(call.x);
    if (!verdict.is_reply()) continue;
    NoteRefusal(call.x, policy, verdict.reason());
    co_await call.x.response_body->Finish();
    // The fields belonged to what made the response.
    call.x.response.Clear();
    ReplyWith(call, verdict);
  }
}

Task<void> Act(Call& call) {
  const snapshot::Action& action = call.rule->action;
  if (const auto* forward = std::get_if<snapshot::Forward>(&action)) return ForwardRequest(call, *forward);
  if (const auto* redirect = std::get_if<snapshot::Redirect>(&action)) {
    ReplyWithRedirect(call, *redirect);
  } else if (const auto* reply = std::get_if<snapshot::StaticReply>(&action)) {
    ReplyWithStatic(call, *reply);
  } else {
    // A tunnel sees no requests: its route is attached to a listener that speaks HTTP.
    ReplyWith(call, Reason::kNoRoute);
  }
  return Task<void>();
}

// The rule's filters around its action.
Task<void> ActWithFilters(Call& call) {
  const snapshot::Filters& filters = call.rule->filters;
  policies::ApplyHeaderOps(filters.request_headers, call.x.request.headers);
  co_await Act(call);
  if (filters.cors != nullptr) policies::RemoveCorsFields(call.x.response.headers);
  policies::ApplyHeaderOps(filters.response_headers, call.x.response.headers);
}

Task<void> ActOnRule(Call& call) {
  const snapshot::Filters& filters = call.rule->filters;
  // Without filters around it, the action costs no coroutine of its own.
  bool filtered = filters.cors != nullptr || !filters.request_headers.empty() || !filters.response_headers.empty();
  return filtered ? ActWithFilters(call) : Act(call);
}

// What this proxy answers before any action.
void ReplyToRefused(Call& call, Reason refused) {
  if (refused == Reason::kOptions) return ReplyWithOptions(call);
  if (refused == Reason::kPathRedirect) return ReplyWithPathRedirect(call);
  ReplyWith(call, refused);
}

Task<void> ActOrRefuse(Call& call, Reason refused) {
  if (refused == Reason::kNone) return ActOnRule(call);
  ReplyToRefused(call, refused);
  return Task<void>();
}

// A request that matches no route passes its listener's policies first: nobody learns routes without being let in.
Task<void> AnswerBehindPolicies(Call& call, Reason refused) {
  Verdict verdict = co_await AskPolicies(call, Which::kAll);
  if (verdict.is_reply()) ReplyWith(call, verdict);
  AuditSoFar(call);
  if (!verdict.is_reply()) co_await ActOrRefuse(call, refused);
  if (call.ran > 0) co_await TellPolicies(call);
}

Task<void> AnswerPreflight(Call& call) {
  Verdict verdict = co_await AskPolicies(call, Which::kForPreflights);
  if (verdict.is_reply()) {
    ReplyWith(call, verdict);
  } else {
    ReplyWithPreflight(call);
  }
  AuditSoFar(call);
  if (call.ran > 0) co_await TellPolicies(call);
}

// The rule's CORS filter is around its policies, so that it answers preflights, which carry no credentials, and pages
// may read why they were refused.
Task<void> AnswerWithCors(Call& call, const policies::CorsConfig& config) {
  policies::CorsDecision cors = config.Decide(call.x.request.method_text, call.x.request.headers);
  if (cors.kind == policies::CorsDecision::Kind::kPreflight) {
    co_await AnswerPreflight(call);
  } else {
    co_await AnswerBehindPolicies(call, Reason::kNone);
  }
  policies::SetCorsFields(cors, call.x.response.headers);
}

}  // namespace

Task<void> Answer(Call& call, Reason refused) {
  if (refused != Reason::kNone || call.rule->filters.cors == nullptr) return AnswerBehindPolicies(call, refused);
  return AnswerWithCors(call, *call.rule->filters.cors);
}

}  // namespace penstock::proxy
