#include "dataplane/io/reactor/timer.h"

#include <algorithm>
#include <bit>

namespace penstock::io {

void Timer::Arm(TimerWheel& wheel, TimePoint deadline) {
  Disarm();
  if (deadline == kNoDeadline) return;
  tick_ = TimerWheel::CeilTick(deadline);
  wheel_ = &wheel;
  wheel.Insert(*this);
}

void Timer::Disarm() {
  if (wheel_ != nullptr) wheel_->Remove(*this);
}

std::int64_t TimerWheel::CeilTick(TimePoint time) {
  Duration since = time.time_since_epoch();
  std::int64_t tick = since / std::chrono::milliseconds(1);
  return since % std::chrono::milliseconds(1) > Duration::zero() ? tick + 1 : tick;
}

void TimerWheel::Advance(TimePoint now) {
  std::int64_t target = FloorTick(now);
  Expiry expiry;
  while (Next(expiry) && expiry.tick <= target) {
    elapsed_ = std::max(elapsed_, expiry.tick);
    Expire(expiry);
  }
  elapsed_ = std::max(elapsed_, target);
}

TimePoint TimerWheel::NextWake() const {
  Expiry expiry;
  if (!Next(expiry)) return kNoDeadline;
  return TimePoint(std::chrono::milliseconds(expiry.tick));
}

// The level is the highest group of bits in which the tick differs from now; what does not fit goes to the last level,
// whose slots wrap around.
void TimerWheel::Insert(Timer& timer) {
  constexpr std::int64_t kReach = (std::int64_t{1} << (kBits * kLevels)) - (std::int64_t{2} << (kBits * (kLevels - 1)));
  std::int64_t tick = std::clamp(timer.tick_, elapsed_ + 1, elapsed_ + kReach);
  std::uint64_t differing = static_cast<std::uint64_t>(tick ^ elapsed_) | (kSlots - 1);
  int level = std::min((63 - std::countl_zero(differing)) / kBits, kLevels - 1);
  int slot = static_cast<int>((tick >> (kBits * level)) & (kSlots - 1));
  timer.level_ = static_cast<std::uint8_t>(level);
  timer.slot_ = static_cast<std::uint8_t>(slot);
  slots_[level][slot].PushBack(timer);
  occupied_[level] |= std::uint64_t{1} << slot;
}

void TimerWheel::Remove(Timer& timer) {
  timer.Unlink();
  timer.wheel_ = nullptr;
  if (slots_[timer.level_][timer.slot_].empty()) occupied_[timer.level_] &= ~(std::uint64_t{1} << timer.slot_);
}

// Everything on a lower level is due before anything on a higher one, so the first occupied level decides.
bool TimerWheel::Next(Expiry& out) const {
  for (int level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    int shift = kBits * level;
    int now_slot = static_cast<int>((elapsed_ >> shift) & (kSlots - 1));
    int ahead = std::countr_zero(std::rotr(occupied_[level], now_slot));
    int slot = (now_slot + ahead) & (kSlots - 1);
    std::int64_t range = std::int64_t{1} << (shift + kBits);
    std::int64_t tick = (elapsed_ & ~(range - 1)) + (std::int64_t{slot} << shift);
    if (slot < now_slot) tick += range;
    out = Expiry{tick, level, slot};
    return true;
  }
  return false;
}

// Fires the slot's due timers and moves the others to a finer level. What a callback arms lands in a later slot.
void TimerWheel::Expire(const Expiry& expiry) {
  IntrusiveList<Timer>& slot = slots_[expiry.level][expiry.slot];
  IntrusiveList<Timer> due;
  due.Splice(slot);
  occupied_[expiry.level] &= ~(std::uint64_t{1} << expiry.slot);
  while (!due.empty()) {
    Timer& timer = due.PopFront();
    if (timer.tick_ > elapsed_) {
      Insert(timer);
      continue;
    }
    timer.wheel_ = nullptr;
    timer.OnTimer();
  }
}

}  // namespace penstock::io
