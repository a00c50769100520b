#include "controlplane/management/changer.h"

#include <algorithm>
#include <utility>

#include "dataplane/base/strings.h"

namespace penstock::management {
namespace {

using management::v1::ApplyEvent;
using management::v1::Outcome;
using rollout::ChangeResult;
using Emit = Changer::Emit;

constexpr absl::Duration kDefaultWait = absl::Seconds(30);
constexpr absl::Duration kMaxWait = absl::Hours(1);
constexpr size_t kMaxLaggingTold = 10;

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

void SetDuration(google::protobuf::Duration* duration, absl::Duration value) {
  const int64_t nanos = absl::ToInt64Nanoseconds(value);
  duration->set_seconds(nanos / 1'000'000'000);
  duration->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
}

std::string OutcomeWord(const absl::StatusOr<ChangeResult>& result) {
  if (!result.ok()) return "failed";
  switch (result->code) {
    case Outcome::INVALID:
      return "invalid";
    case Outcome::CONFLICT:
      return "conflict";
    case Outcome::NOT_FOUND:
      return "not found";
    default:
      return result->stored.unchanged() ? "unchanged" : "ok";
  }
}

void TellChange(const ChangeResult& result, bool dry_run, const Emit& emit) {
  ApplyEvent findings;
  for (const auto& finding : result.findings) *findings.mutable_findings()->add_findings() = finding;
  if (findings.has_findings()) emit(findings);
  if (result.code != Outcome::OK) return;
  ApplyEvent plan;
  *plan.mutable_plan() = result.plan;
  emit(plan);
  if (dry_run) return;
  ApplyEvent stored;
  *stored.mutable_stored() = result.stored;
  emit(stored);
}

grpc::Status Finish(const ChangeRequest& change, Outcome::Code code, const std::string& message, const Emit& emit) {
  ApplyEvent event;
  event.mutable_outcome()->set_code(code);
  event.mutable_outcome()->set_message(message);
  SetDuration(event.mutable_outcome()->mutable_took(), absl::Now() - change.start);
  emit(event);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status Changer::Run(const Call& call, const ChangeRequest& change, rollout::Wish wish, const Emit& emit) {
  rollout::ChangeOptions options{.author = call.who().uri,
                                 .message = change.options.message(),
                                 .request_id = change.options.request_id(),
                                 .request_digest = change.digest,
                                 .if_generation = std::nullopt,
                                 .dry_run = change.options.dry_run(),
                                 .allow_unresolved = change.options.allow_unresolved()};
  if (change.options.has_if_generation()) options.if_generation = change.options.if_generation();
  absl::StatusOr<ChangeResult> result = rollout_.Change(options, std::move(wish));
  Audit(call, change, result);
  if (!result.ok()) return rollout::ToGrpc(result.status());
  TellChange(*result, change.options.dry_run(), emit);
  if (result->code != Outcome::OK) return Finish(change, result->code, result->message, emit);
  if (change.options.dry_run()) return Finish(change, Outcome::OK, "dry run: nothing was changed", emit);
  return AwaitConvergence(call, change, result->id, emit);
}

void Changer::Audit(const Call& call, const ChangeRequest& change, const absl::StatusOr<ChangeResult>& result) {
  AuditEntry entry{.time = absl::Now(),
                   .author = call.who().uri,
                   .peer = call.peer(),
                   .verb = change.verb,
                   .request_id = change.options.request_id(),
                   .message = change.options.message(),
                   .dry_run = change.options.dry_run(),
                   .outcome = OutcomeWord(result),
                   .generation = 0,
                   .objects = 0,
                   .error = ""};
  if (result.ok()) {
    entry.generation = result->id.number;
    entry.objects = result->stored.objects();
  } else {
    entry.error = std::string(result.status().message());
    log_.Error("management", "a change failed", {{"verb", change.verb}, {"error", entry.error}});
  }
  audit_.Write(entry);
}

grpc::Status Changer::AwaitConvergence(const Call& call, const ChangeRequest& change, store::GenerationId id,
                                       const Emit& emit) {
  const Goal goal = MakeGoal(change.options.wait(), 100, 0);
  const absl::Duration wait = change.options.has_timeout()
                                  ? std::clamp(ToDuration(change.options.timeout()), absl::ZeroDuration(), kMaxWait)
                                  : kDefaultWait;
  const absl::Time deadline = absl::Now() + wait;
  while (true) {
    const uint64_t seen = rollout_.Version();
    const rollout::Spread spread = rollout_.SpreadOf(id);
    const Progress progress = Judge(goal, spread, rollout_.IsRejected(id));
    const bool late = progress == Progress::kPending && absl::Now() >= deadline;
    if (goal.wait != management::v1::NONE && !emit(ProgressEvent(id, spread))) return grpc::Status::CANCELLED;
    if (progress == Progress::kReached) return Finish(change, Outcome::OK, Describe(goal, spread), emit);
    if (progress == Progress::kRejected) return Finish(change, Outcome::REJECTED, RejectionText(id), emit);
    if (late) {
      return Finish(change, Outcome::TIMEOUT, StrCat("stored, but only ", Describe(goal, spread), " in time"), emit);
    }
    grpc::Status waited = call.AwaitNews(seen, deadline);
    if (!waited.ok()) return waited;
  }
}

ApplyEvent Changer::ProgressEvent(store::GenerationId id, const rollout::Spread& spread) {
  ApplyEvent event;
  event.mutable_progress()->set_served(spread.served);
  event.mutable_progress()->set_acked(spread.acked);
  event.mutable_progress()->set_rejected(spread.rejected);
  event.mutable_progress()->set_total(spread.total);
  for (auto& replica : rollout_.Lagging(id, kMaxLaggingTold)) {
    *event.mutable_progress()->add_lagging() = std::move(replica);
  }
  return event;
}

std::string Changer::RejectionText(store::GenerationId id) {
  std::string text = StrCat("generation ", store::ToString(id), " is ", rollout_.ResultOf(id));
  for (const auto& replica : rollout_.Lagging(id, kMaxLaggingTold)) {
    if (replica.state() != "rejected" || replica.last_nack().problems().empty()) continue;
    text += StrCat("; replica ", replica.id(), ": ", replica.last_nack().problems(0));
    break;
  }
  const store::GenerationId good = rollout_.NewestGood();
  if (good.number == 0) return text + ". Nothing was served before it: mend the manifests and apply them again";
  return StrCat(text,
                ". It was halted: replicas that were not sent it keep what they serve. Mend it and apply again, or "
                "`penstock rollback ",
                good.number, "`");
}

}  // namespace penstock::management
