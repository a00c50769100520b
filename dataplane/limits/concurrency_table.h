#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/limits/limit_key.h"

namespace penstock::limits {

// How many requests of each of many keys are in progress: one table for a whole process, which all its workers ask. Who
// is let in has a Place, and leaves it exactly once. Nothing is allocated after construction.
//
// The bound: never more than `most` of a key are in at a time, and a key with somebody in is never forgotten: only the
// entry of a key that nobody of is in goes to another one. Where all entries of a group have somebody in, keys without
// an entry are counted there together, until the last of those has left: then each of them is let in no more, and
// perhaps fewer, than alone. With as many keys that have somebody in as half the entries that befalls 1 key in 100.
//
// A key that is in the table costs one compare-exchange of 8 bytes to come in and one subtraction to leave, on a line
// that a worker touches for the keys of one group only. A key that is not is added under its group's spin lock, for
// some 100 ns.
class ConcurrencyTable {
 public:
  static constexpr std::size_t kDefaultEntries = 65'536;
  static constexpr std::size_t kGroup = 8;
  static constexpr std::uint32_t kMost = 1'000'000;  // of one key

  // Where somebody is counted.
  class Place {
   public:
    Place() = default;

   private:
    friend class ConcurrencyTable;
    Place(std::uint32_t group, std::uint32_t entry) : group_(group), entry_(entry) {}

    std::uint32_t group_ = 0;
    std::uint32_t entry_ = 0;  // kGroup: together with others
  };

  struct Entered {
    bool allowed = false;
    bool together = false;      // counted, or refused, together with other keys: the table has no room
    std::uint32_t running = 0;  // where it is counted, itself included if it was allowed
    Place place = Place();      // if it was allowed
  };

  // Room for ENTRIES, at least 8, rounded up to whole groups; 32 bytes each.
  explicit ConcurrencyTable(std::size_t entries = kDefaultEntries);
  ConcurrencyTable(const ConcurrencyTable&) = delete;

  // One of the parts must name the rule. Any thread.
  LimitKey KeyOf(std::span<const std::string_view> parts) const { return hash_.Of(parts); }

  // Lets one more of KEY in, if fewer than MOST are in. Any thread. REQUIRES: 1 <= MOST <= kMost; a key's MOST may
  // change from one question to the next.
  Entered Enter(const LimitKey& key, std::uint32_t most);

  // Any thread. REQUIRES: PLACE is of an Enter() that allowed, and was not left before.
  void Leave(Place place);

  // How many of KEY are in, or, if it has no entry, of the keys that would be counted together with it. Any thread.
  std::uint32_t Running(const LimitKey& key) const;

  // How many are in, of all keys. Reads all groups: for tests. Any thread.
  std::uint64_t running() const;

 private:
  // How many are in, and in the upper half how often the entry has changed its key. The key of an entry changes only
  // while its count is kBusy, by who holds the lock; so who reads the state, then the key, then exchanges the state has
  // exchanged that key's.
  using State = std::uint64_t;
  static constexpr std::uint32_t kBusy = ~std::uint32_t{0};

  // An entry is one index into the arrays.
  struct alignas(64) Group {
    std::array<std::atomic<std::uint64_t>, kGroup> low{};
    std::array<std::atomic<std::uint64_t>, kGroup> high{};
    std::array<std::atomic<State>, kGroup> states{};

    std::atomic<bool> locked{false};
    std::atomic<std::uint32_t> together{0};  // of keys without an entry; grows under the lock
    std::uint32_t next = 0;                  // where to look for an entry first; changes under the lock
  };

  struct Found {
    std::uint32_t entry;
    State state;
  };

  static std::optional<Found> Find(const Group& group, const LimitKey& key);
  static bool Holds(const Group& group, std::uint32_t entry, const LimitKey& key);
  std::optional<Entered> Insert(std::uint32_t index, const LimitKey& key, std::uint32_t most);
  static std::optional<Found> Vacate(Group& group);

  const KeyHash hash_;
  const std::size_t group_count_;
  const std::unique_ptr<Group[]> groups_;
};

}  // namespace penstock::limits
