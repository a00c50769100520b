#pragma once

#include <cstdint>

#include "dataplane/base/clock.h"
#include "dataplane/base/intrusive_list.h"

namespace penstock::io {

class TimerWheel;

// Something that happens at a time. Lives inside its owner, costs no allocation, disarms itself when destroyed. Fires
// at most once per Arm(), never early, at most a tick (1 ms) and a loop turn late.
class Timer : public ListNode {
 public:
  Timer() = default;
  ~Timer() { Disarm(); }

  // Arms it, or moves it if it is armed. kNoDeadline disarms.
  void Arm(TimerWheel& wheel, TimePoint deadline);
  void Disarm();
  bool armed() const { return wheel_ != nullptr; }

 protected:
  // Runs on the reactor's thread, outside any coroutine. May arm again and may destroy this timer.
  virtual void OnTimer() = 0;

 private:
  friend class TimerWheel;

  TimerWheel* wheel_ = nullptr;
  std::int64_t tick_ = 0;
  std::uint8_t level_ = 0;
  std::uint8_t slot_ = 0;
};

// All timers of a reactor: a hierarchical wheel of 1 ms ticks, five levels of 64 slots. Arm and Disarm are O(1); a
// timer is moved at most four times before it fires. Deadlines beyond 12 days are re-armed on the way.
class TimerWheel {
 public:
  explicit TimerWheel(TimePoint now) : elapsed_(FloorTick(now)) {}

  // Fires what is due.
  void Advance(TimePoint now);

  // When Advance() should be called next; kNoDeadline if nothing is armed. May be earlier than the first deadline,
  // never later than its tick.
  TimePoint NextWake() const;

 private:
  friend class Timer;

  static constexpr int kLevels = 5;
  static constexpr int kBits = 6;
  static constexpr int kSlots = 1 << kBits;

  struct Expiry {
    std::int64_t tick;
    int level;
    int slot;
  };

  static std::int64_t FloorTick(TimePoint time) { return time.time_since_epoch() / std::chrono::milliseconds(1); }
  static std::int64_t CeilTick(TimePoint time);

  void Insert(Timer& timer);
  void Remove(Timer& timer);
  bool Next(Expiry& out) const;
  void Expire(const Expiry& expiry);

  std::int64_t elapsed_;  // ticks that have been handled
  std::uint64_t occupied_[kLevels] = {};
  IntrusiveList<Timer> slots_[kLevels][kSlots];
};

}  // namespace penstock::io
