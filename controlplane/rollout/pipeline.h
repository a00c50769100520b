// The pure core of a change: objects -> resources -> a compiled snapshot per group of data planes, with the data
// plane's own code. Nothing is stored, sent or waited for here.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controlplane/manifests/finding.h"
#include "controlplane/manifests/object.h"
#include "controlplane/rollout/publication.h"
#include "controlplane/store/store.h"
#include "controlplane/translator/translate.h"
#include "dataplane/snapshot/compile.h"

namespace penstock::rollout {

using SnapshotPtr = std::shared_ptr<const snapshot::Snapshot>;

// A change that was translated and compiled, and may be adopted after it was stored.
struct Prepared {
  store::GenerationId id;
  translator::Result result;
  // Of the translation and of every group's compilation. With an error among them the change must be refused.
  std::vector<manifests::Finding> findings;
  struct Group {
    GroupSelector selector;
    bool implied = false;  // nobody subscribed to it: it stands for a GatewayClass that no data plane serves yet
    Publication publication;
    SnapshotPtr snapshot;
  };
  std::vector<Group> groups;
  uint32_t resources = 0;          // changed
  uint64_t bytes_per_replica = 0;  // of the group that gets most
  uint64_t hash = 0;               // of the first group's generation
};

// Keeps the translation and the snapshots of the newest generation in memory, so that a change costs what it changes.
// One thread (snapshots die on the thread that compiled them).
class Pipeline {
 public:
  // Groups of one control plane: labels that differ per replica would compile everything once per replica.
  static constexpr size_t kMaxGroups = 256;

  // The objects of stored generation `id` become the state; groups keep none of theirs. Findings of what was accepted
  // once are no obstacle.
  void Load(store::GenerationId id, const std::vector<translator::Upsert>& objects);

  // What `changes` would come to as generation `id`, prepared at `now`. Changes nothing.
  Prepared Prepare(store::GenerationId id, const manifests::ChangeSet& changes, bool allow_unresolved,
                   absl::Time now) const;
  // `prepared` was stored: it is the newest state now. REQUIRES: nothing was adopted since it was prepared.
  void Adopt(const Prepared& prepared);

  // Compiles the group and keeps it up to date from now on; the publication is its whole state. kFailedPrecondition
  // with every problem if its Gateways cannot be served together, kResourceExhausted beyond kMaxGroups.
  absl::StatusOr<Publication> AddGroup(const GroupSelector& selector);
  bool HasGroup(const std::string& key) const { return groups_.contains(key); }

  // The state of any stored generation for a group, as one publication: what is sent while the newest one is rejected.
  static absl::StatusOr<Publication> PublicationOf(store::GenerationId id,
                                                   const std::vector<translator::Upsert>& objects,
                                                   const GroupSelector& selector);

  const translator::StatePtr& state() const { return state_; }
  store::GenerationId id() const { return id_; }
  // By group key; only groups that somebody subscribed to or that stand for a GatewayClass.
  std::map<std::string, SnapshotPtr> snapshots() const;

 private:
  struct Group {
    GroupSelector selector;
    SnapshotPtr snapshot;  // nullptr: could not be compiled
    bool implied = false;
  };

  // Selectors of the GatewayClasses of `state` that no group serves: so that a change is compiled even before the first
  // data plane connects.
  std::vector<GroupSelector> MissingClasses(const translator::StatePtr& state) const;

  void PrepareGroups(Prepared& prepared) const;
  void PrepareGroup(const Group& group, Prepared& prepared) const;

  store::GenerationId id_;
  translator::StatePtr state_;
  std::map<std::string, Group> groups_;
};

// From one state of a group to another; `from` may be empty.
translator::GroupDelta DifferenceOf(const std::vector<ResourcePtr>& from, const std::vector<ResourcePtr>& to);

}  // namespace penstock::rollout
