#include "dataplane/policies/external_auth/external_auth_policy.h"

#include <algorithm>
#include <utility>

#include "dataplane/base/strings.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/jose/claims.h"
#include "dataplane/policies/external_auth/service_call.h"
#include "dataplane/policies/slots.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::policies {
namespace {

// Under the slot: what the policies of this type in a chain have for the client.
struct ForClient {
  const void* policy;
  std::span<const FieldEdit> fields;
  ForClient* next;
};

TimePoint NowOf(const Exchange& x) {
  bool reactor = x.services != nullptr && x.services->reactor != nullptr;
  return reactor ? x.services->reactor->Now() : x.time.started;
}

// As long as the token that it was given under.
WallTime EndOf(const Identity& identity) {
  if (identity.claims == nullptr) return WallTime::max();
  StatusOr<jose::Dates> dates = jose::ReadDates(identity.claims->root());
  return dates.ok() && dates->expires.has_value() ? *dates->expires : WallTime::max();
}

void Count(telemetry::Counter telemetry::WorkerCells::* what, const Exchange& x) {
  if (x.services != nullptr && x.services->cells != nullptr) (x.services->cells->*what).Add();
}

}  // namespace

StatusOr<std::shared_ptr<const Policy>> ExternalAuthPolicy::Make(std::shared_ptr<const ExternalAuthConfig> config,
                                                                 const Material& material) {
  std::shared_ptr<Memories> memories;
  if (config->keep() > Duration::zero()) {
    memories = material.runtime.Get<Memories>(StrCat("external_auth/answers/", config->identity()),
                                              [&] { return std::make_shared<Memories>(material.workers); });
  }
  return std::shared_ptr<const Policy>(new ExternalAuthPolicy(std::move(config), std::move(memories)));
}

Task<Verdict> ExternalAuthPolicy::OnRequest(Exchange& x) const {
  for (const std::string& field : config_->to_backend()) x.request.headers.Remove(std::string_view(field));
  bool somebody = x.services != nullptr && x.services->calls != nullptr && !config_->cluster().empty();
  if (!somebody) return Fail("nobody can be asked", x);
  Question question = MakeQuestion(*config_, x);
  if (memories_ == nullptr) return Ask(question, x);
  uint64_t revocations = x.revocations == nullptr ? 0 : x.revocations->version();
  QuestionKey key = KeyOf(question, revocations);
  AnswerCache& cache = MemoryOf(x).kept;
  cache.Follow(revocations);
  if (AnswerRef kept = cache.Find(key, NowOf(x), x.time.wall)) {
    Count(&telemetry::WorkerCells::answers_kept, x);
    return Give(std::move(kept), x);
  }
  return AskForAll(question, key, x);
}

Task<Verdict> ExternalAuthPolicy::OnResponse(Exchange& x) const {
  for (auto* mine = static_cast<ForClient*>(x.slots[kExternalAuthSlot]); mine != nullptr; mine = mine->next) {
    if (mine->policy == this) Apply(mine->fields, x.response.headers);
  }
  return Verdict::Continue();
}

ExternalAuthPolicy::Memory& ExternalAuthPolicy::MemoryOf(const Exchange& x) const {
  std::unique_ptr<Memory>& memory = memories_->of_worker[static_cast<size_t>(x.services->worker)];
  if (memory == nullptr) memory = std::make_unique<Memory>();
  return *memory;
}

Task<Verdict> ExternalAuthPolicy::Ask(Question question, Exchange& x) const {
  TimePoint until = std::min(x.deadline, After(NowOf(x), config_->timeout()));
  StatusOr<Answer> answer = co_await Call(question, until, x);
  co_return Give(answer, x);
}

Task<Verdict> ExternalAuthPolicy::AskForAll(Question question, QuestionKey key, Exchange& x) const {
  TimePoint until = std::min(x.deadline, After(NowOf(x), config_->timeout()));
  Memory& memory = MemoryOf(x);
  Flights::Seat seat(memory.flights, key);
  bool waits = !seat.TakeLead();
  if (waits) Count(&telemetry::WorkerCells::answers_joined, x);
  while (waits) {
    Status woken = co_await seat.Wait(*x.services->reactor, x.wait().Until(until));
    if (!woken.ok()) co_return Fail(x.arena.Copy(ToStd(woken.message())), x);
    waits = seat.landed() == nullptr && !seat.TakeLead();
  }
  if (const Landed* landed = seat.landed()) {
    if (!landed->failure.ok()) co_return Fail(x.arena.Copy(ToStd(landed->failure.message())), x);
    if (landed->answer) co_return Give(landed->answer.Share(), x);
  }
  Count(&telemetry::WorkerCells::answers_asked, x);
  StatusOr<Answer> answer = co_await Call(question, until, x);
  bool gave_up = !answer.ok() && (x.cancellation().cancelled() || NowOf(x) >= until);
  if (seat.leads() && !gave_up) seat.Land(Keep(answer, key, memory.kept, x));
  co_return Give(answer, x);
}

Task<StatusOr<Answer>> ExternalAuthPolicy::Call(Question question, TimePoint until, Exchange& x) const {
  return CallService(*config_, question, until - NowOf(x), x);
}

Landed ExternalAuthPolicy::Keep(const StatusOr<Answer>& answer, const QuestionKey& key, AnswerCache& cache,
                                const Exchange& x) const {
  if (!answer.ok()) return {.answer = AnswerRef(), .failure = answer.status()};
  if (answer->for_one) return {};
  AnswerRef kept(*new KeptAnswer(key, *answer, After(NowOf(x), config_->keep()), EndOf(x.identity)));
  cache.Keep(kept.Share());
  return {.answer = std::move(kept)};
}

Verdict ExternalAuthPolicy::Give(AnswerRef kept, Exchange& x) const {
  AnswerRef& held = x.Own<AnswerRef>(std::move(kept));
  return Give(held->answer(), x);
}

Verdict ExternalAuthPolicy::Give(const StatusOr<Answer>& answer, Exchange& x) const {
  if (!answer.ok()) return Fail(x.arena.Copy(ToStd(answer.status().message())), x);
  return Give(*answer, x);
}

Verdict ExternalAuthPolicy::Give(const Answer& answer, Exchange& x) const {
  if (answer.allows) {
    Apply(answer.to_backend, x.request.headers);
    void*& slot = x.slots[kExternalAuthSlot];
    if (!answer.to_client.empty()) slot = x.arena.New<ForClient>(this, answer.to_client, static_cast<ForClient*>(slot));
    return Verdict::Continue();
  }
  Apply(answer.to_client, x.response.headers);
  x.detail = x.arena.Concat({config_->cluster(), " answers ", answer.said});
  std::string_view type = answer.content_type.empty() ? "text/plain" : answer.content_type;
  return Verdict::Reply(Reason::kAccessDenied, answer.status, answer.content, type);
}

Verdict ExternalAuthPolicy::Fail(std::string_view why, Exchange& x) const {
  if (config_->fail_open()) {
    Count(&telemetry::WorkerCells::let_in_unasked, x);
    return Verdict::Continue();
  }
  std::string_view whom = config_->cluster().empty() ? config_->unresolved() : config_->cluster();
  x.detail = x.arena.Concat({whom, ": ", why});
  return Verdict::Reply(Reason::kPolicyUnavailable);
}

}  // namespace penstock::policies
