// The generations of one group of data planes, and the transactions between any two states of it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controlplane/rollout/publication.h"
#include "controlplane/xds/transaction.h"

namespace penstock::xds_server {

// What a subscriber holds: versions by type and name (a stream that just opened), or a generation that this log led it
// to.
using HeldVersions = std::map<ResourceId, std::string>;
using Base = std::variant<HeldVersions, GenerationId>;

// Keeps the newest state and, for the last kRingSize generations, what each of them changed and what was there before,
// so that a delta between two of them costs what changed between them. Not thread-safe.
class GroupLog {
 public:
  static constexpr size_t kRingSize = 1024;
  // Transactions kept serialised: everybody at the same generation gets the same bytes.
  static constexpr size_t kCachedTransactions = 16;

  explicit GroupLog(std::string control_plane_identifier) : identifier_(std::move(control_plane_identifier)) {}

  // REQUIRES: publication.id is later than Newest().
  void Append(const rollout::Publication& publication);

  GenerationId Newest() const { return ring_.empty() ? GenerationId{} : ring_.back().id; }

  // The newest generation of the log that is at most `wanted`; {0, 0}: none.
  GenerationId AtMost(GenerationId wanted) const;

  // What leads from `base` to generation `target`. nullptr if `target` is not in the ring. A base generation that is no
  // longer in the ring cannot be told from a fresh subscriber that holds nothing we know: nullptr too, and the stream
  // has to be opened anew with its versions.
  std::shared_ptr<const Transaction> Make(const Base& base, GenerationId target);

  size_t resources() const { return state_.size(); }

 private:
  // What one generation did to one resource; nullptr: not there.
  struct Change {
    ResourcePtr before;
    ResourcePtr after;
  };
  struct Entry {
    GenerationId id;
    std::map<ResourceId, Change> changes;
    xds::v1::Generation generation;
  };
  using Entries = std::deque<Entry>;

  Entries::const_iterator FindEntry(GenerationId id) const;
  std::shared_ptr<const Transaction> BetweenGenerations(GenerationId from, Entries::const_iterator target);
  std::shared_ptr<const Transaction> FindCached(GenerationId from, GenerationId target) const;
  void Cache(GenerationId from, std::shared_ptr<const Transaction> transaction);
  std::shared_ptr<const Transaction> FromVersions(const HeldVersions& held, Entries::const_iterator target);

  std::string identifier_;
  std::map<ResourceId, ResourcePtr> state_;  // of the newest generation
  Entries ring_;                             // oldest first
  struct Cached {
    GenerationId from;
    std::shared_ptr<const Transaction> transaction;
  };
  std::deque<Cached> cache_;
};

}  // namespace penstock::xds_server
