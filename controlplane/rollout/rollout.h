// The control plane's heart: changes go in, generations come out, and everybody may ask how far they got.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/rollout/apply_thread.h"
#include "controlplane/rollout/change.h"
#include "controlplane/rollout/condition_times.h"
#include "controlplane/rollout/fleet.h"
#include "controlplane/rollout/fleet_events.h"
#include "controlplane/rollout/pipeline.h"
#include "controlplane/store/store.h"
#include "dataplane/base/mutex.h"
#include "dataplane/telemetry/log/log.h"

namespace penstock::rollout {

// What a control plane counts of its changes, since it started.
struct RolloutCounts {
  uint64_t stored = 0;
  uint64_t unchanged = 0;
  uint64_t invalid = 0;
  uint64_t conflicts = 0;
  uint64_t failed = 0;             // the store refused
  double last_apply_seconds = 0;   // from taking a change off the queue to having it published
  double last_commit_seconds = 0;  // of that, in the store
  size_t objects = 0;
  size_t groups = 0;
};

// The result of an older generation of which nothing else is known.
inline constexpr std::string_view kSuperseded = "superseded";

// Thread-safe. Changes run one after the other on a thread of its own: check, translate, compile, store, publish.
// Whoever asks for one blocks until it is stored or refused, not until it is served.
class Rollout final : public FleetEvents {
 public:
  // Reads the newest generation of the store and compiles it. `store` and `log` outlive the rollout. `clock` gives
  // wall-clock time (tests fake it).
  static absl::StatusOr<std::unique_ptr<Rollout>> Start(store::Store* store, telemetry::Log* log,
                                                        std::function<absl::Time()> clock = absl::Now);
  // Ends the running change first. REQUIRES: the publisher still lives, or Serve was never called.
  ~Rollout() override;

  // Publishes to `publisher` from now on. Called once, before the first session connects.
  void Serve(Publisher* publisher);

  // An error is the store's or that of an overloaded or stopping control plane; everything that the asker can mend is
  // in the result. REQUIRES: not on the apply thread.
  absl::StatusOr<ChangeResult> Change(ChangeOptions options, Wish wish);
  // What happened between two generations.
  absl::StatusOr<Difference> Compare(uint64_t from, uint64_t to);

  // The translated state of the newest generation (0) or of any other one that is stored.
  absl::StatusOr<translator::StatePtr> State(uint64_t generation);
  // Records newest first; the newest one's result is that of this moment.
  absl::StatusOr<std::vector<store::GenerationRecord>> History(size_t limit,
                                                               const std::optional<store::ObjectKey>& key);

  // The record of one generation, as History() gives it; 0: the newest.
  absl::StatusOr<store::GenerationRecord> Record(uint64_t generation);
  // Fills in the last_transition_time of every condition of an object's status: `otherwise` where the status is not the
  // one of now.
  void StampConditions(const manifests::ObjectKey& key, absl::Time otherwise,
                       manifests::v1::ObjectStatus& status) const;

  // The snapshots of the newest generation, by group. `visit` runs on the apply thread, because snapshots die there.
  absl::Status WithSnapshots(const std::function<void(const std::map<std::string, SnapshotPtr>&)>& visit);

  // --- The fleet ---
  GenerationId Newest() const;
  Spread SpreadOf(GenerationId id) const;
  absl::Time SpreadSince(GenerationId id);
  bool IsRejected(GenerationId id) const;
  GenerationId NewestGood() const;
  std::string ResultOf(GenerationId id) const;
  std::string EndOf(GenerationId id) const;
  std::vector<management::v1::ReplicaStatus> Lagging(GenerationId id, size_t limit) const;
  management::v1::FleetStatus Status(std::string_view replica) const;
  RolloutCounts Counts() const;
  size_t ConnectedReplicas() const;
  uint64_t Nacks() const;

  // Grows with everything that happens to the fleet.
  uint64_t Version() const;
  // Returns when Version() is not `seen` any more, at the latest at `deadline`.
  uint64_t AwaitNews(uint64_t seen, absl::Time deadline) const;

  // --- FleetEvents: the streams ---
  void Connected(SessionId session, const Replica& replica, const GroupSelector& group) override;
  void Sent(SessionId session, GenerationId id) override;
  void Acked(SessionId session, GenerationId id) override;
  void Served(SessionId session, GenerationId id) override;
  void Rejected(SessionId session, GenerationId id, const std::vector<std::string>& problems) override;
  void Lost(SessionId session) override;
  GenerationId Target(SessionId session) override;

 private:
  Rollout(store::Store* store, telemetry::Log* log, std::function<absl::Time()> clock);

  absl::Status LoadHistory();
  absl::StatusOr<std::vector<translator::Upsert>> LoadObjects(uint64_t generation);
  static ObjectMap CurrentObjects(const translator::StatePtr& state);

  // The steps of a change, on the apply thread.
  absl::StatusOr<ChangeResult> RunChange(const ChangeOptions& options, const Wish& wish);
  absl::StatusOr<std::optional<ChangeResult>> AnswerRepeated(const ChangeOptions& options);
  absl::StatusOr<Difference> Resolve(const Wish& wish);
  absl::StatusOr<Difference> ResolveRollback(const RollBack& wish);
  absl::Status StoreAndPublish(const ChangeOptions& options, const Prepared& prepared, const Difference& difference,
                               ChangeResult& result);
  ConditionTimes::Writes TimesOf(const std::vector<translator::StatusChange>& statuses, absl::Time now) const;
  void Publish(const Prepared& prepared, const ConditionTimes::Writes& times);
  void AddGroup(const GroupSelector& selector);
  absl::StatusOr<Publication> CompileAndPublish(const GroupSelector& selector);
  void RetryRefusedGroups();
  absl::Status PublishLastGood(const GroupSelector& selector, const Publication& newest);
  // Fills in a result that is not stored: of now, or that there is none to come.
  void CompleteResult(store::GenerationRecord& record) const;
  void NoteRejected(GenerationId id, const std::string& result);
  // Soon stores who is connected, once for all changes until then. Any thread.
  void NoteReplicasSoon();
  void NoteReplicas();
  void Count(const absl::StatusOr<ChangeResult>& result);

  // Runs `event` on the fleet and wakes who waits for news.
  void OnFleet(const std::function<void(Fleet&)>& event);

  store::Store& store_;
  telemetry::Log& log_;
  const std::function<absl::Time()> clock_;
  Publisher* publisher_ = nullptr;

  Pipeline pipeline_;                 // apply thread
  store::GenerationRecord newest_;    // apply thread
  std::set<std::string> subscribed_;  // keys of the published groups; apply thread
  // Groups that asked and got nothing, by key: tried again with every generation. Apply thread.
  std::map<std::string, GroupSelector> refused_groups_;
  // What was found at the start and goes to the store with the next change; apply thread.
  ConditionTimes::Writes unstored_times_;

  // Held for moments only, by every ACK: what touches the disk or compiles runs on the apply thread without it.
  mutable Mutex mutex_;
  Fleet fleet_ ABSL_GUARDED_BY(mutex_);
  translator::StatePtr state_ ABSL_GUARDED_BY(mutex_);  // as pipeline_'s, for readers
  ConditionTimes times_ ABSL_GUARDED_BY(mutex_);        // written on the apply thread only
  RolloutCounts counts_ ABSL_GUARDED_BY(mutex_);
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  bool noting_replicas_ ABSL_GUARDED_BY(mutex_) = false;  // NoteReplicas is queued
  mutable CondVar news_;

  ApplyThread thread_;  // last: its tasks use everything above
};

}  // namespace penstock::rollout
