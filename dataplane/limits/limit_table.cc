#include "dataplane/limits/limit_table.h"

#include <algorithm>

#include "dataplane/base/check.h"
#include "dataplane/base/random.h"
#include "dataplane/limits/group_lock.h"

namespace penstock::limits {
namespace {

// No rule leaves a state like this: all bits of its amount are ones.
LimitState Busy(std::uint64_t turn) {
  return {.at = 0, .turn = turn, .amount_high = 0xff, .amount_low = ~std::uint64_t{0}};
}
bool IsBusy(const LimitState& state) { return state == Busy(state.turn); }

void Raise(std::atomic<std::uint64_t>& value, std::uint64_t least) {
  std::uint64_t seen = value.load(std::memory_order_relaxed);
  while (seen < least && !value.compare_exchange_weak(seen, least, std::memory_order_relaxed)) {
  }
}

std::uint64_t NewAt(const LimitState& state, const Taken& taken) {
  return state.at + static_cast<std::uint64_t>(taken.reset / std::chrono::microseconds(1));
}

}  // namespace

LimitTable::LimitTable(std::size_t entries)
    : group_count_(std::max<std::size_t>((entries + kGroup - 1) / kGroup, 1)), groups_(new Group[group_count_]) {}

Taken LimitTable::Take(const LimitRule& rule, const LimitKey& key, TimePoint now, std::uint32_t cost) {
  Group& group = groups_[Random::Scale(key.high, group_count_)];
  Taken taken;
  for (;;) {
    std::optional<Found> found = Find(group, key);
    if (!found) {
      if (Insert(group, rule, key, now, cost, taken)) return taken;
      continue;
    }
    LimitState after = found->state;
    taken = limits::Take(rule, after, now, cost);
    Raise(group.new_at[found->entry], NewAt(after, taken));
    if (group.states[found->entry].Replace(found->state, after)) return taken;
  }
}

Taken LimitTable::Peek(const LimitRule& rule, const LimitKey& key, TimePoint now, std::uint32_t cost) const {
  const Group& group = groups_[Random::Scale(key.high, group_count_)];
  LimitState state{};
  // Twice the same, since its halves may be of different moments.
  for (std::optional<Found> found = Find(group, key); found.has_value();) {
    std::optional<Found> again = Find(group, key);
    if (again.has_value() && again->state == found->state) {
      state = found->state;
      break;
    }
    found = again;
  }
  return limits::Take(rule, state, now, cost);
}

// The key is looked at again since the entry may have become another's before its state was read.
std::optional<LimitTable::Found> LimitTable::Find(const Group& group, const LimitKey& key) {
  for (std::size_t entry = 0; entry < kGroup; ++entry) {
    if (!Holds(group, entry, key)) continue;
    LimitState state = group.states[entry].Load();
    if (!IsBusy(state) && Holds(group, entry, key)) return Found{entry, state};
  }
  return std::nullopt;
}

bool LimitTable::Holds(const Group& group, std::size_t entry, const LimitKey& key) {
  return group.low[entry].load(std::memory_order_relaxed) == key.low &&
         group.high[entry].load(std::memory_order_relaxed) == key.high;
}

// False if somebody else has added it meanwhile.
bool LimitTable::Insert(Group& group, const LimitRule& rule, const LimitKey& key, TimePoint now, std::uint32_t cost,
                        Taken& taken) {
  GroupLock lock(group.locked);
  if (Find(group, key)) return false;
  group.latest = std::max(group.latest, InstantOf(now));
  LimitState state{.at = group.latest};
  taken = limits::Take(rule, state, now, cost);
  if (taken.reset == Duration::zero()) return true;
  auto [entry, busy] = Vacate(group, group.latest);
  group.low[entry].store(key.low, std::memory_order_relaxed);
  group.high[entry].store(key.high, std::memory_order_relaxed);
  group.new_at[entry].store(NewAt(state, taken), std::memory_order_relaxed);
  state.turn = busy.turn + 1u;
  bool published = group.states[entry].Replace(busy, state);
  PENSTOCK_CHECK(published, "only who holds the lock changes a busy entry");
  return true;
}

// Makes that entry busy which can be missed best.
LimitTable::Found LimitTable::Vacate(Group& group, std::uint64_t instant) {
  for (;;) {
    bool is_new = false;
    Found worst = Worst(group, instant, is_new);
    LimitState busy = Busy(worst.state.turn);
    if (!group.states[worst.entry].Replace(worst.state, busy)) continue;
    if (!is_new) group.evicted.store(group.evicted.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return {worst.entry, busy};
  }
}

LimitTable::Found LimitTable::Worst(const Group& group, std::uint64_t instant, bool& is_new) {
  Found oldest{0, group.states[0].Load()};
  for (std::size_t entry = 0; entry < kGroup; ++entry) {
    // In this order: what was taken until the state was read has raised the instant.
    LimitState state = group.states[entry].Load();
    is_new = group.new_at[entry].load(std::memory_order_relaxed) <= instant;
    if (is_new) return {entry, state};
    if (state.at < oldest.state.at) oldest = {entry, state};
  }
  return oldest;
}

std::uint64_t LimitTable::evicted() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < group_count_; ++i) sum += groups_[i].evicted.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace penstock::limits
