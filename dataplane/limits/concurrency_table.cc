#include "dataplane/limits/concurrency_table.h"

#include <algorithm>

#include "dataplane/base/check.h"
#include "dataplane/base/random.h"
#include "dataplane/limits/group_lock.h"

namespace penstock::limits {
namespace {

std::uint32_t CountOf(std::uint64_t state) { return static_cast<std::uint32_t>(state); }
std::uint64_t WithCount(std::uint64_t state, std::uint32_t count) { return (state >> 32 << 32) | count; }
std::uint64_t NextTurn(std::uint64_t state) { return ((state >> 32) + 1) << 32; }

}  // namespace

ConcurrencyTable::ConcurrencyTable(std::size_t entries)
    : group_count_(std::max<std::size_t>((entries + kGroup - 1) / kGroup, 1)), groups_(new Group[group_count_]) {}

ConcurrencyTable::Entered ConcurrencyTable::Enter(const LimitKey& key, std::uint32_t most) {
  auto index = static_cast<std::uint32_t>(Random::Scale(key.high, group_count_));
  Group& group = groups_[index];
  for (;;) {
    std::optional<Found> found = Find(group, key);
    if (!found) {
      std::optional<Entered> entered = Insert(index, key, most);
      if (entered) return *entered;
      continue;
    }
    std::atomic<State>& state = group.states[found->entry];
    std::uint32_t running = CountOf(found->state);
    if (running >= most) {
      // If it is still the same, it was this key's when the key was looked at.
      if (state.load(std::memory_order_acquire) == found->state) return {.running = running};
      continue;
    }
    if (state.compare_exchange_strong(found->state, found->state + 1)) {
      return {.allowed = true, .running = running + 1, .place = Place(index, found->entry)};
    }
  }
}

// The key is looked at again since the entry may have become another's before its state was read.
std::optional<ConcurrencyTable::Found> ConcurrencyTable::Find(const Group& group, const LimitKey& key) {
  for (std::uint32_t entry = 0; entry < kGroup; ++entry) {
    if (!Holds(group, entry, key)) continue;
    State state = group.states[entry].load(std::memory_order_acquire);
    if (CountOf(state) != kBusy && Holds(group, entry, key)) return Found{entry, state};
  }
  return std::nullopt;
}

bool ConcurrencyTable::Holds(const Group& group, std::uint32_t entry, const LimitKey& key) {
  return group.low[entry].load(std::memory_order_acquire) == key.low &&
         group.high[entry].load(std::memory_order_acquire) == key.high;
}

// nullopt if somebody else has added it meanwhile. A key that is counted together with others gets no entry as long as
// any of them is in: it could be counted in both.
std::optional<ConcurrencyTable::Entered> ConcurrencyTable::Insert(std::uint32_t index, const LimitKey& key,
                                                                  std::uint32_t most) {
  Group& group = groups_[index];
  GroupLock lock(group.locked);
  if (Find(group, key)) return std::nullopt;
  std::uint32_t together = group.together.load(std::memory_order_acquire);
  std::optional<Found> vacant = together == 0 ? Vacate(group) : std::nullopt;
  if (!vacant) {
    if (together >= most) return Entered{.together = true, .running = together};
    group.together.fetch_add(1, std::memory_order_acq_rel);
    return Entered{.allowed = true, .together = true, .running = together + 1, .place = Place(index, kGroup)};
  }
  group.low[vacant->entry].store(key.low, std::memory_order_release);
  group.high[vacant->entry].store(key.high, std::memory_order_release);
  group.states[vacant->entry].store(NextTurn(vacant->state) + 1, std::memory_order_release);
  return Entered{.allowed = true, .running = 1, .place = Place(index, vacant->entry)};
}

// Makes an entry busy whose key has nobody in, another one each time, so that keys that come and go do not drive each
// other out at once; nullopt if there is none.
std::optional<ConcurrencyTable::Found> ConcurrencyTable::Vacate(Group& group) {
  for (std::size_t i = 0; i < kGroup; ++i) {
    std::uint32_t entry = group.next++ % kGroup;
    State state = group.states[entry].load(std::memory_order_acquire);
    if (CountOf(state) != 0) continue;
    if (group.states[entry].compare_exchange_strong(state, WithCount(state, kBusy))) return Found{entry, state};
  }
  return std::nullopt;
}

void ConcurrencyTable::Leave(Place place) {
  Group& group = groups_[place.group_];
  if (place.entry_ == kGroup) {
    std::uint32_t before = group.together.fetch_sub(1, std::memory_order_acq_rel);
    PENSTOCK_CHECK(before != 0, "who leaves has come in");
    return;
  }
  // A count that is not 0 is never busy.
  std::uint32_t before = CountOf(group.states[place.entry_].fetch_sub(1, std::memory_order_acq_rel));
  PENSTOCK_CHECK(before != 0 && before != kBusy, "who leaves has come in");
}

std::uint32_t ConcurrencyTable::Running(const LimitKey& key) const {
  const Group& group = groups_[Random::Scale(key.high, group_count_)];
  std::optional<Found> found = Find(group, key);
  return found ? CountOf(found->state) : group.together.load(std::memory_order_acquire);
}

std::uint64_t ConcurrencyTable::running() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < group_count_; ++i) {
    sum += groups_[i].together.load(std::memory_order_acquire);
    for (const std::atomic<State>& state : groups_[i].states) {
      std::uint32_t count = CountOf(state.load(std::memory_order_acquire));
      if (count != kBusy) sum += count;
    }
  }
  return sum;
}

}  // namespace penstock::limits
