// Who serves what: the view of the fleet that targets, `status`, `wait` and the result of an apply are read from.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/store/store.h"

namespace penstock::rollout {

using store::GenerationId;

// One xDS stream. Never reused within a process.
using SessionId = uint64_t;

// What a replica told of itself when it connected.
struct Replica {
  std::string id;     // Node.id, unique in the fleet
  std::string group;  // for people: "edge"
  std::string zone;
  std::string build;
  GenerationId held;  // what it served before it connected, from memory or disk; {0, 0} nothing
  std::vector<std::string> weakened;
  std::string selector = {};  // key of the Gateways that it asked for (GroupKey)
  std::string peer = {};      // the other end of its stream, for people
};

// How far one generation got among the replicas that count: connected, lost less than kLostGrace ago, or expected back
// after a restart of the control plane.
struct Spread {
  uint32_t served = 0;
  uint32_t acked = 0;  // took all its resources; includes the served ones
  uint32_t rejected = 0;
  uint32_t total = 0;
};

// The state machine of sessions and generations: pure, time comes in. `now` is wall-clock time and is used for
// durations of seconds and for display only. Not thread-safe: Rollout holds it under its lock.
class Fleet {
 public:
  // A replica that vanished still counts for this long, so that a crash in the middle of a rollout is seen.
  static constexpr absl::Duration kLostGrace = absl::Seconds(30);
  // A replica that was connected when the control plane ended still counts for this long after the next start. Longer
  // than the wait of an apply (30 s) and a data plane's longest pause between two attempts together.
  static constexpr absl::Duration kExpectedGrace = absl::Minutes(2);
  // Lost replicas are shown in `status` for this long, and remembered across a restart for as long.
  static constexpr absl::Duration kLostShown = absl::Minutes(10);
  static constexpr size_t kMaxReplicas = 100'000;
  // A session that is replaced twice within this time is not one data plane that reconnects, but two with one id.
  // Longer than a data plane's longest pause between two attempts.
  static constexpr absl::Duration kContestedFor = absl::Minutes(2);

  // A generation was stored and is the newest from now on. REQUIRES: newer than every one before.
  void Stored(GenerationId id, absl::Time now);

  // Marks a generation rejected without a live replica having said so: remembered from before a restart.
  void RememberRejected(GenerationId id, std::string_view replica);

  // The replicas that are not forgotten yet, to be kept where a restart finds them.
  management::v1::FleetStatus Remembered(absl::Time now) const;
  // What Remembered() said before a restart: who counted then is expected back from `now` on, and serves nothing until
  // it has said so again; but nobody who was lost longer than kLostShown ago.
  // REQUIRES: before the first Connected().
  void Remember(const management::v1::FleetStatus& before, absl::Time now);

  // A newer session of the same replica id replaces the older one, whose later events are ignored. The peer of the
  // replaced session; "" there was none.
  std::string Connected(SessionId session, const Replica& replica, absl::Time now);
  void Sent(SessionId session, GenerationId id, absl::Time now);
  void Acked(SessionId session, GenerationId id, absl::Time now);   // all resources taken, not served yet
  void Served(SessionId session, GenerationId id, absl::Time now);  // every worker serves it
  // True if this was the first rejection of that generation, which halts it.
  bool Rejected(SessionId session, GenerationId id, const std::vector<std::string>& problems, absl::Time now);
  void Lost(SessionId session, absl::Time now);

  // What a session should serve: the newest generation, or, once that is rejected, the newest one that is not, and
  // never less than what the replica serves already. {0, 0}: nothing to serve yet. The seam for waves: only this
  // decides.
  GenerationId Target(SessionId session) const;

  // The replica serves something later than the newest generation of this store.
  bool IsAhead(SessionId session) const;

  GenerationId Newest() const { return newest_; }
  bool IsRejected(GenerationId id) const { return rejected_.contains(id); }
  // The newest generation that no replica rejected; {0, 0} if none.
  GenerationId NewestGood() const;

  Spread SpreadOf(GenerationId id, absl::Time now) const;
  // Since when all replicas that count serve `id`, or since when not all do. Of this process: a restart begins anew,
  // because a replica serves nothing until it confirmed it on its new stream.
  absl::Time SpreadSince(GenerationId id, absl::Time now);
  // "served 3/3", "rejected by edge-a", "served 2/3".
  std::string ResultOf(GenerationId id, absl::Time now) const;
  // How `id` ended, asked as the next generation takes its place: "served 3/3", "superseded; served 1/3", "rejected by
  // edge-a". "" if that is not known, because nobody has said yet that it serves `id` or, after a restart, who does.
  std::string EndOf(GenerationId id, absl::Time now) const;
  // The replicas that count and do not serve `id`, at most `limit`.
  std::vector<management::v1::ReplicaStatus> Lagging(GenerationId id, size_t limit, absl::Time now) const;

  // Why replicas with this selector get no configuration; "" they get it.
  void SetProblem(const std::string& selector, const std::string& problem);

  // Replicas connected now.
  size_t Connected() const;
  // NACKs since the start, of replicas that are still remembered.
  uint64_t Nacks() const;

  // Everything, for `status`. With `replica`, that one only. Build and start time are the caller's to fill in.
  management::v1::FleetStatus Status(std::string_view replica, absl::Time now) const;

 private:
  struct Member {
    Replica replica;
    SessionId session = 0;  // 0: lost
    absl::Time lost_at;     // while lost
    bool expected = false;  // lost by our restart, not by its own end
    absl::Time connected_since;
    absl::Time last_seen;
    GenerationId sent;
    GenerationId acked;
    GenerationId served;
    absl::Duration lag = absl::ZeroDuration();  // from stored to served, of `served`
    GenerationId nacked;                        // {0, 0} never
    absl::Time nacked_at;
    std::vector<std::string> problems;
    uint64_t nacks = 0;
    std::string replaced_peer;                       // of the session before, if a newer one replaced it
    absl::Time replaced_at = absl::InfinitePast();   // when that was
    absl::Time contested_at = absl::InfinitePast();  // when it was again within kContestedFor
  };

  // What all replicas that count serve at least, from a moment on; {0, 0} if there are none.
  struct Floor {
    absl::Time since;
    GenerationId served;
  };

  GenerationId ServedByAll(absl::Time now) const;
  void NoteFloor(GenerationId served, absl::Time now);
  Member* Find(SessionId session);
  const Member* Find(SessionId session) const;
  static bool Counts(const Member& member, absl::Time now);
  static bool IsShown(const Member& member, absl::Time now);
  absl::Duration LagOf(const Member& member, absl::Time now) const;
  // Since when it could serve `id`: who has just joined is not behind since the generation was stored.
  absl::Duration Behind(const Member& member, GenerationId id, absl::Time now) const;
  std::string_view StateOf(const Member& member) const;
  void ForgetOldMembers(absl::Time now);
  management::v1::ReplicaStatus Describe(const Member& member, absl::Time now) const;
  std::string ProblemOf(const Member& member, absl::Time now) const;
  management::v1::GroupStatus DescribeGroup(const std::string& group, absl::Time now) const;

  GenerationId newest_;
  // Of the last kRemembered generations: when each was stored.
  static constexpr size_t kRemembered = 1024;
  std::map<GenerationId, absl::Time> stored_at_;
  std::map<GenerationId, std::string> rejected_;        // by whom
  std::map<std::string, Member, std::less<>> members_;  // by replica id
  std::vector<Floor> floors_;                           // oldest first, the last kRemembered
  std::map<std::string, std::string> problems_;         // by selector
  absl::flat_hash_map<SessionId, std::string> sessions_;
};

}  // namespace penstock::rollout
