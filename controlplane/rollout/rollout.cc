#include "controlplane/rollout/rollout.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "controlplane/manifests/origin.h"
#include "controlplane/rollout/stored_names.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::rollout {
namespace {

// How many generations the fleet view remembers across a restart.
constexpr size_t kHistoryLoaded = 256;

absl::Status Overloaded() {
  return absl::UnavailableError("the control plane is stopping or has too many changes queued: try again");
}

GenerationId ParseRejected(std::string_view name) {
  GenerationId id;
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(name.substr(kRejectedPrefix.size())), '.');
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &id.epoch) || !absl::SimpleAtoi(parts[1], &id.number)) return {};
  return id;
}

management::v1::FleetStatus ParseReplicas(const std::string& bytes) {
  management::v1::FleetStatus replicas;
  replicas.ParseFromString(bytes);
  return replicas;
}

std::vector<translator::StatusChange> StatusesOf(const translator::StatePtr& state) {
  std::vector<translator::StatusChange> statuses;
  for (const translator::Upsert& upsert : translator::AllObjects(state)) {
    const manifests::ObjectKey& key = upsert.object->key();
    if (auto status = translator::StatusOf(state, key)) statuses.push_back({key, std::move(status)});
  }
  return statuses;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Rollout>> Rollout::Start(store::Store* store, telemetry::Log* log,
                                                        std::function<absl::Time()> clock) {
  auto rollout = std::unique_ptr<Rollout>(new Rollout(store, log, std::move(clock)));
  absl::Status loaded;
  rollout->thread_.Run([&] { loaded = rollout->LoadHistory(); });
  if (!loaded.ok()) return loaded;
  return rollout;
}

Rollout::Rollout(store::Store* store, telemetry::Log* log, std::function<absl::Time()> clock)
    : store_(*store), log_(*log), clock_(std::move(clock)) {}

Rollout::~Rollout() {
  // Snapshots die on the thread that compiled them.
  thread_.Run([&] {
    // What the next process cannot find out any more, should its first change come before its first replica.
    const Spread spread = SpreadOf(newest_.id);
    const std::string result = spread.total > 0 && spread.served == spread.total ? ResultOf(newest_.id) : "";
    NoteReplicas();
    if (newest_.id.number != 0 && !result.empty() && result != newest_.result)
      store_.SetResult(newest_.id.number, result).IgnoreError();
    pipeline_ = Pipeline();
  });
}

void Rollout::Serve(Publisher* publisher) {
  thread_.Run([&] { publisher_ = publisher; });
}

absl::StatusOr<ChangeResult> Rollout::Change(ChangeOptions options, Wish wish) {
  absl::StatusOr<ChangeResult> result = Overloaded();
  thread_.Run([&] { result = RunChange(options, wish); });
  Count(result);
  return result;
}

absl::StatusOr<Difference> Rollout::Compare(uint64_t from, uint64_t to) {
  ASSIGN_OR_RETURN(translator::StatePtr before, State(from));
  ASSIGN_OR_RETURN(translator::StatePtr after, State(to));
  return Differences(CurrentObjects(before), CurrentObjects(after));
}

absl::StatusOr<translator::StatePtr> Rollout::State(uint64_t generation) {
  {
    MutexLock lock(&mutex_);
    if (generation == 0 || generation == fleet_.Newest().number) return state_;
  }
  ASSIGN_OR_RETURN(std::vector<translator::Upsert> objects, LoadObjects(generation));
  return translator::Translate(nullptr, translator::Changes{.upserts = std::move(objects), .removals = {}},
                               {.generation = generation, .allow_unresolved = true})
      .state;
}

absl::StatusOr<std::vector<store::GenerationRecord>> Rollout::History(size_t limit,
                                                                      const std::optional<store::ObjectKey>& key) {
  ASSIGN_OR_RETURN(std::vector<store::GenerationRecord> records, store_.History(limit, key));
  for (store::GenerationRecord& record : records) CompleteResult(record);
  return records;
}

absl::StatusOr<store::GenerationRecord> Rollout::Record(uint64_t generation) {
  ASSIGN_OR_RETURN(store::GenerationRecord record, generation == 0 ? store_.Newest() : store_.Generation(generation));
  CompleteResult(record);
  return record;
}

void Rollout::CompleteResult(store::GenerationRecord& record) const {
  if (record.id == Newest()) record.result = ResultOf(record.id);
  if (record.result.empty()) record.result = kSuperseded;
}

void Rollout::StampConditions(const manifests::ObjectKey& key, absl::Time otherwise,
                              manifests::v1::ObjectStatus& status) const {
  MutexLock lock(&mutex_);
  times_.Stamp(key, otherwise, status);
}

absl::Status Rollout::WithSnapshots(const std::function<void(const std::map<std::string, SnapshotPtr>&)>& visit) {
  return thread_.Run([&] { visit(pipeline_.snapshots()); }) ? absl::OkStatus() : Overloaded();
}

// --- Starting ---

absl::Status Rollout::LoadHistory() {
  ASSIGN_OR_RETURN(newest_, store_.Newest());
  ASSIGN_OR_RETURN(std::vector<translator::Upsert> objects, LoadObjects(0));
  pipeline_.Load(newest_.id, objects);
  ASSIGN_OR_RETURN(std::vector<store::GenerationRecord> records, store_.History(kHistoryLoaded, std::nullopt));
  ASSIGN_OR_RETURN(auto rollout_state, store_.RolloutState());
  management::v1::FleetStatus replicas;
  MutexLock lock(&mutex_);
  for (auto record = records.rbegin(); record != records.rend(); ++record) fleet_.Stored(record->id, record->time);
  for (const auto& [name, value] : rollout_state) {
    if (name.starts_with(kRejectedPrefix)) fleet_.RememberRejected(ParseRejected(name), value);
    if (name == kReplicas) replicas = ParseReplicas(value);
    times_.Remember(name, value);
  }
  fleet_.Remember(replicas, clock_());
  state_ = pipeline_.state();
  unstored_times_ = times_.Changes(StatusesOf(state_), newest_.time);
  times_.Adopt(unstored_times_);
  counts_.objects = objects.size();
  log_.Info("rollout", "loaded the newest generation",
            {{"generation", store::ToString(newest_.id)}, {"objects", StrCat(objects.size())}});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<translator::Upsert>> Rollout::LoadObjects(uint64_t generation) {
  ASSIGN_OR_RETURN(std::vector<store::StoredObject> stored, store_.Objects(generation));
  std::vector<translator::Upsert> objects;
  objects.reserve(stored.size());
  for (const store::StoredObject& object : stored) {
    ASSIGN_OR_RETURN(manifests::ObjectPtr parsed,
                     manifests::Object::FromBytes(manifests::BuiltInKinds(), object.key, object.bytes,
                                                  manifests::DecodeOrigin(object.origin)),
                     _ << "stored " << object.key.ToString());
    objects.push_back({.object = std::move(parsed),
                       .first_generation = object.first_generation,
                       .last_generation = object.last_generation});
  }
  return objects;
}

// --- The fleet ---

GenerationId Rollout::Newest() const {
  MutexLock lock(&mutex_);
  return fleet_.Newest();
}

Spread Rollout::SpreadOf(GenerationId id) const {
  MutexLock lock(&mutex_);
  return fleet_.SpreadOf(id, clock_());
}

absl::Time Rollout::SpreadSince(GenerationId id) {
  MutexLock lock(&mutex_);
  return fleet_.SpreadSince(id, clock_());
}

bool Rollout::IsRejected(GenerationId id) const {
  MutexLock lock(&mutex_);
  return fleet_.IsRejected(id);
}

GenerationId Rollout::NewestGood() const {
  MutexLock lock(&mutex_);
  return fleet_.NewestGood();
}

std::string Rollout::ResultOf(GenerationId id) const {
  MutexLock lock(&mutex_);
  return fleet_.ResultOf(id, clock_());
}

std::string Rollout::EndOf(GenerationId id) const {
  MutexLock lock(&mutex_);
  return fleet_.EndOf(id, clock_());
}

std::vector<management::v1::ReplicaStatus> Rollout::Lagging(GenerationId id, size_t limit) const {
  MutexLock lock(&mutex_);
  return fleet_.Lagging(id, limit, clock_());
}

management::v1::FleetStatus Rollout::Status(std::string_view replica) const {
  MutexLock lock(&mutex_);
  return fleet_.Status(replica, clock_());
}

RolloutCounts Rollout::Counts() const {
  MutexLock lock(&mutex_);
  return counts_;
}

size_t Rollout::ConnectedReplicas() const {
  MutexLock lock(&mutex_);
  return fleet_.Connected();
}

uint64_t Rollout::Nacks() const {
  MutexLock lock(&mutex_);
  return fleet_.Nacks();
}

uint64_t Rollout::Version() const {
  MutexLock lock(&mutex_);
  return version_;
}

uint64_t Rollout::AwaitNews(uint64_t seen, absl::Time deadline) const {
  MutexLock lock(&mutex_);
  while (version_ == seen) {
    const absl::Duration left = std::min(deadline - absl::Now(), absl::Hours(1));
    if (left <= absl::ZeroDuration()) break;
    news_.WaitFor(&mutex_, absl::ToChronoNanoseconds(left));
  }
  return version_;
}

void Rollout::OnFleet(const std::function<void(Fleet&)>& event) {
  MutexLock lock(&mutex_);
  event(fleet_);
  ++version_;
  news_.SignalAll();
}

void Rollout::Connected(SessionId session, const Replica& replica, const GroupSelector& group) {
  Replica member = replica;
  member.selector = GroupKey(group);
  std::string replaced;
  OnFleet([&](Fleet& fleet) { replaced = fleet.Connected(session, member, clock_()); });
  if (!replaced.empty()) {
    log_.Warn("rollout", "a data plane took the place of a connected one with its id: give each its own --id",
              {{"replica", replica.id}, {"peer", replica.peer}, {"before", replaced}});
  }
  log_.Info("rollout", "data plane connected",
            {{"replica", replica.id}, {"group", GroupKey(group)}, {"holds", store::ToString(replica.held)}});
  {
    MutexLock lock(&mutex_);
    if (fleet_.IsAhead(session)) {
      log_.Error(
          "rollout",
          "a data plane serves a later generation than this store holds: the store was replaced by an older copy; "
          "restart with --new-epoch to serve the older state, or put the newer store back",
          {{"replica", replica.id}, {"holds", store::ToString(replica.held)}});
    }
  }
  const bool posted = thread_.Post([this, group] { AddGroup(group); });
  if (!posted) log_.Error("rollout", "too busy to add a group of data planes", {{"group", GroupKey(group)}});
  NoteReplicasSoon();
}

void Rollout::Sent(SessionId session, GenerationId id) {
  OnFleet([&](Fleet& fleet) { fleet.Sent(session, id, clock_()); });
}

void Rollout::Acked(SessionId session, GenerationId id) {
  OnFleet([&](Fleet& fleet) { fleet.Acked(session, id, clock_()); });
}

void Rollout::Served(SessionId session, GenerationId id) {
  OnFleet([&](Fleet& fleet) { fleet.Served(session, id, clock_()); });
}

void Rollout::Rejected(SessionId session, GenerationId id, const std::vector<std::string>& problems) {
  bool first = false;
  std::string result;
  OnFleet([&](Fleet& fleet) {
    first = fleet.Rejected(session, id, problems, clock_());
    result = fleet.ResultOf(id, clock_());
  });
  log_.Error(
      "rollout", "a data plane rejected a generation",
      {{"generation", store::ToString(id)}, {"result", result}, {"problem", problems.empty() ? "" : problems[0]}});
  if (first) thread_.Post([this, id, result] { NoteRejected(id, result); });
}

void Rollout::Lost(SessionId session) {
  OnFleet([&](Fleet& fleet) { fleet.Lost(session, clock_()); });
  NoteReplicasSoon();
}

GenerationId Rollout::Target(SessionId session) {
  MutexLock lock(&mutex_);
  return fleet_.Target(session);
}

}  // namespace penstock::rollout
