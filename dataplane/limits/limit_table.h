#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/limits/limit.h"
#include "dataplane/limits/limit_key.h"
#include "dataplane/limits/shared_state.h"

namespace penstock::limits {

// The states of many keys, of any rules: one table for a whole process, which all its workers ask. A key belongs to one
// group of 8 entries, so a question costs the same however full the table is. Nothing is allocated after construction.
//
// The bound: what all workers together are allowed is exactly what limit.h says, in the order of the exchanges, for
// every limit however small; nothing is leased, so nothing is in excess or left unused. A worker's clock that is behind
// another's (by a turn of its loop) counts as no time. The one exception is counted: a key whose entry is evicted while
// something of its quota is used begins anew.
//
// A key that is in the table is asked without a lock: one compare-exchange of 16 bytes, again if another worker was
// faster with the same key. A key that is not is added under its group's spin lock, for some 100 ns: two workers that
// add the same key at the same moment must find one another.
//
// Where its group is full a new key takes the entry of one that is as good as new, else of the one that was asked
// longest ago. With as many live keys as half the entries 1 key in 100 finds no room beside the others, with 3/4 of
// them 5, with all of them 14.
class LimitTable {
 public:
  static constexpr std::size_t kDefaultEntries = 65'536;
  static constexpr std::size_t kGroup = 8;

  // Room for ENTRIES, at least 8, rounded up to whole groups; 48 bytes each.
  explicit LimitTable(std::size_t entries = kDefaultEntries);
  LimitTable(const LimitTable&) = delete;

  // One of the parts must name the rule. Any thread.
  LimitKey KeyOf(std::span<const std::string_view> parts) const { return hash_.Of(parts); }

  // limits::Take() with the state of KEY. Any thread. REQUIRES: Check(rule).
  Taken Take(const LimitRule& rule, const LimitKey& key, TimePoint now, std::uint32_t cost = 1);

  // What Take() would say now, which changes nothing: no entry is made, evicted or raised. Any thread; not for the
  // request path.
  Taken Peek(const LimitRule& rule, const LimitKey& key, TimePoint now, std::uint32_t cost = 1) const;

  std::size_t entries() const { return group_count_ * kGroup; }
  // Entries that were taken away while something of their quota was used. Reads all groups: for a scrape. Any thread.
  std::uint64_t evicted() const;

 private:
  // An entry is one index into the arrays. The key of an entry changes only while its state is kBusy, by who holds the
  // lock; so who reads the state, then the key, then exchanges the state has exchanged that key's.
  struct alignas(64) Group {
    std::array<std::atomic<std::uint64_t>, kGroup> low{};
    std::array<std::atomic<std::uint64_t>, kGroup> high{};
    std::array<SharedState, kGroup> states{};
    // The instants at which they are as good as new. Raised before the state is exchanged, so that an entry never looks
    // better than it is.
    std::array<std::atomic<std::uint64_t>, kGroup> new_at{};

    std::atomic<bool> locked{false};
    std::atomic<std::uint64_t> evicted{0};  // this and below change under the lock
    std::uint64_t latest = 0;  // the latest instant at which a key was added: it was no earlier for the others
  };

  struct Found {
    std::size_t entry;
    LimitState state;
  };

  static std::optional<Found> Find(const Group& group, const LimitKey& key);
  static bool Holds(const Group& group, std::size_t entry, const LimitKey& key);
  static bool Insert(Group& group, const LimitRule& rule, const LimitKey& key, TimePoint now, std::uint32_t cost,
                     Taken& taken);
  static Found Vacate(Group& group, std::uint64_t instant);
  static Found Worst(const Group& group, std::uint64_t instant, bool& is_new);

  const KeyHash hash_;
  const std::size_t group_count_;
  const std::unique_ptr<Group[]> groups_;
};

}  // namespace penstock::limits
