// The steps of one change. Everything here runs on the apply thread.
#include <utility>

#include "controlplane/manifests/origin.h"
#include "controlplane/rollout/rollout.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::rollout {
namespace {

using management::v1::Outcome;

ChangeResult Refuse(Outcome::Code code, std::string message) {
  ChangeResult result;
  result.code = code;
  result.message = std::move(message);
  return result;
}

void Describe(const store::GenerationRecord& record, ChangeResult& result) {
  result.id = record.id;
  result.stored.set_epoch(record.id.epoch);
  result.stored.set_generation(record.id.number);
  result.stored.set_objects(record.objects_changed);
  result.stored.set_resources(record.resources_changed);
  result.stored.set_bytes_per_replica(record.bytes_per_replica);
}

std::vector<store::ObjectWrite> WritesOf(const manifests::ChangeSet& changes) {
  std::vector<store::ObjectWrite> writes;
  for (const manifests::ObjectPtr& object : changes.upserts) {
    writes.push_back(
        {.key = object->key(), .bytes = object->CanonicalBytes(), .origin = manifests::EncodeOrigin(*object)});
  }
  for (const manifests::ObjectKey& key : changes.removals) writes.push_back({.key = key, .bytes = std::nullopt});
  return writes;
}

std::vector<manifests::Finding> FindingsOf(const Wish& wish) {
  const auto* apply = std::get_if<ApplyObjects>(&wish);
  return apply == nullptr ? std::vector<manifests::Finding>() : apply->findings;
}

}  // namespace

absl::StatusOr<ChangeResult> Rollout::RunChange(const ChangeOptions& options, const Wish& wish) {
  const absl::Time start = absl::Now();
  ASSIGN_OR_RETURN(std::optional<ChangeResult> repeated, AnswerRepeated(options));
  if (repeated.has_value()) return *std::move(repeated);
  if (options.if_generation.has_value() && *options.if_generation != newest_.id.number) {
    return Refuse(Outcome::CONFLICT,
                  StrCat("the newest generation is ", newest_.id.number, ", not ", *options.if_generation,
                         ": somebody changed it meanwhile; look at `penstock diff` and apply again"));
  }
  absl::StatusOr<Difference> difference = Resolve(wish);
  if (absl::IsNotFound(difference.status()))
    return Refuse(Outcome::NOT_FOUND, std::string(difference.status().message()));
  if (absl::IsInvalidArgument(difference.status())) {
    return Refuse(Outcome::INVALID, std::string(difference.status().message()));
  }
  RETURN_IF_ERROR(difference.status());

  ChangeResult result;
  result.findings = FindingsOf(wish);
  result.plan = difference->plan;
  result.routes = difference->routes;
  // What is stored was accepted once: rolling back to it must not fail because a backend was unresolved then already.
  const bool lenient = options.allow_unresolved || std::holds_alternative<RollBack>(wish);
  // The epoch never starts at 0; the store decides alike (NextId).
  const GenerationId next{.epoch = std::max<uint64_t>(newest_.id.epoch, 1), .number = newest_.id.number + 1};
  const Prepared prepared = pipeline_.Prepare(next, difference->changes, lenient, clock_());
  result.findings.insert(result.findings.end(), prepared.findings.begin(), prepared.findings.end());
  manifests::SortAndCap(result.findings);
  if (manifests::HasErrors(result.findings)) {
    result.code = Outcome::INVALID;
    result.message = StrCat("nothing was changed: the newest generation stays ", newest_.id.number);
    return result;
  }
  // What a data plane rejected is offered again, as a new generation: the cause may be gone.
  const bool try_again = !options.dry_run && IsRejected(newest_.id);
  if (difference->changes.empty() && !try_again) {
    Describe(newest_, result);
    result.stored.set_objects(0);
    result.stored.set_resources(0);
    result.stored.set_bytes_per_replica(0);
    result.stored.set_unchanged(true);
    return result;
  }
  if (options.dry_run) return result;
  RETURN_IF_ERROR(StoreAndPublish(options, prepared, *difference, result));
  MutexLock lock(&mutex_);
  counts_.last_apply_seconds = absl::ToDoubleSeconds(absl::Now() - start);
  return result;
}

absl::StatusOr<std::optional<ChangeResult>> Rollout::AnswerRepeated(const ChangeOptions& options) {
  if (options.request_id.empty() || options.dry_run) return std::nullopt;
  ASSIGN_OR_RETURN(std::optional<store::GenerationRecord> record, store_.FindRequest(options.request_id));
  if (!record.has_value()) return std::nullopt;
  if (record->request_digest != options.request_digest) {
    return Refuse(Outcome::CONFLICT,
                  StrCat("request id ", options.request_id, " was used for another change, which made generation ",
                         record->id.number, ": use a new one"));
  }
  ChangeResult result;
  Describe(*record, result);
  result.plan.ParseFromString(record->plan);
  return result;
}

absl::StatusOr<Difference> Rollout::Resolve(const Wish& wish) {
  if (const auto* rollback = std::get_if<RollBack>(&wish)) return ResolveRollback(*rollback);
  if (const auto* apply = std::get_if<ApplyObjects>(&wish)) return Differences(pipeline_.state(), *apply);
  return Differences(pipeline_.state(), std::get<DeleteObjects>(wish));
}

absl::StatusOr<Difference> Rollout::ResolveRollback(const RollBack& wish) {
  const uint64_t newest = newest_.id.number;
  if (newest == 0) return absl::NotFoundError("nothing was ever applied: there is nothing to roll back to");
  if (wish.to > newest) {
    return absl::NotFoundError(StrCat("generation ", wish.to, " does not exist: the newest is ", newest));
  }
  const uint64_t to = wish.to == 0 ? newest - 1 : wish.to;
  ObjectMap wanted;
  if (to != 0) {
    ASSIGN_OR_RETURN(std::vector<translator::Upsert> objects, LoadObjects(to));
    for (const translator::Upsert& upsert : objects) wanted[upsert.object->key()] = upsert.object;
  }
  return Differences(CurrentObjects(pipeline_.state()), wanted);
}

absl::Status Rollout::StoreAndPublish(const ChangeOptions& options, const Prepared& prepared,
                                      const Difference& difference, ChangeResult& result) {
  store::Transaction transaction;
  transaction.expected = newest_.id;
  transaction.record = {.id = {},
                        .time = clock_(),
                        .author = options.author,
                        .message = options.message,
                        .request_id = options.request_id,
                        .request_digest = options.request_digest,
                        .hash = prepared.hash,
                        .resources_changed = prepared.resources,
                        .bytes_per_replica = prepared.bytes_per_replica,
                        .objects_changed = static_cast<uint32_t>(difference.plan.changes_size()),
                        .plan = difference.plan.SerializeAsString(),
                        .result = ""};
  transaction.writes = WritesOf(difference.changes);
  if (newest_.id.number != 0) transaction.previous_result = EndOf(newest_.id);
  const ConditionTimes::Writes times = TimesOf(prepared.result.statuses, transaction.record.time);
  transaction.rollout_state = times;
  const absl::Time before_commit = absl::Now();
  ASSIGN_OR_RETURN(store::GenerationRecord record, store_.Commit(transaction));
  {
    MutexLock lock(&mutex_);
    counts_.last_commit_seconds = absl::ToDoubleSeconds(absl::Now() - before_commit);
  }
  // From here on the change happened: nothing below may fail.
  newest_ = record;
  Describe(record, result);
  unstored_times_.clear();
  Publish(prepared, times);
  return absl::OkStatus();
}

ConditionTimes::Writes Rollout::TimesOf(const std::vector<translator::StatusChange>& statuses, absl::Time now) const {
  ConditionTimes::Writes writes = unstored_times_;
  MutexLock lock(&mutex_);
  ConditionTimes::Writes changes = times_.Changes(statuses, now);
  writes.insert(writes.end(), changes.begin(), changes.end());
  return writes;
}

void Rollout::Publish(const Prepared& prepared, const ConditionTimes::Writes& times) {
  pipeline_.Adopt(prepared);
  {
    MutexLock lock(&mutex_);
    fleet_.Stored(prepared.id, clock_());
    state_ = pipeline_.state();
    times_.Adopt(times);
    ++version_;
    news_.SignalAll();
  }
  if (publisher_ == nullptr) return;
  for (const Prepared::Group& group : prepared.groups) {
    if (subscribed_.contains(group.publication.key)) publisher_->Publish(group.publication);
  }
  RetryRefusedGroups();
}

void Rollout::Count(const absl::StatusOr<ChangeResult>& result) {
  MutexLock lock(&mutex_);
  if (!result.ok())
    ++counts_.failed;
  else if (result->code == Outcome::CONFLICT)
    ++counts_.conflicts;
  else if (result->code != Outcome::OK)
    ++counts_.invalid;
  else if (result->id == GenerationId() || result->stored.unchanged())
    ++counts_.unchanged;
  else
    ++counts_.stored;
}

ObjectMap Rollout::CurrentObjects(const translator::StatePtr& state) {
  ObjectMap objects;
  for (const translator::Upsert& upsert : translator::AllObjects(state)) objects[upsert.object->key()] = upsert.object;
  return objects;
}

}  // namespace penstock::rollout
