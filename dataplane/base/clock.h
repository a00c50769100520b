#pragma once

#include <chrono>

namespace penstock {

using Duration = std::chrono::nanoseconds;

// Monotonic time; every timeout, deadline and rate uses it.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// Time of day; only for logs, certificates and what people read. It may jump.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline constexpr TimePoint kNoDeadline = TimePoint::max();

// MS milliseconds after 1970; before and after what a WallTime can say (1677 to 2262), its least and its most.
inline WallTime WallTimeOfUnixMs(long long ms) {
  constexpr long long kMost = std::chrono::floor<std::chrono::milliseconds>(Duration::max()).count();
  if (ms > kMost) return WallTime::max();
  return ms < -kMost ? WallTime::min() : WallTime(std::chrono::milliseconds(ms));
}

// `now + timeout`, where a timeout that would overflow means kNoDeadline.
inline TimePoint After(TimePoint now, Duration timeout) {
  return timeout >= kNoDeadline - now ? kNoDeadline : now + timeout;
}

// Where time comes from: passed in by whoever builds the tree, faked by tests.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime Wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  WallTime Wall() const override { return std::chrono::system_clock::now(); }
};

// Stands still until it is told to go on. Starts at one hour, so that `now - something` stays positive.
class FakeClock final : public Clock {
 public:
  TimePoint Now() const override { return now_; }
  WallTime Wall() const override { return wall_; }
  void Advance(Duration by) {
    now_ += by;
    wall_ += by;
  }
  void SetWall(WallTime wall) { wall_ = wall; }

 private:
  TimePoint now_{std::chrono::hours(1)};
  WallTime wall_{std::chrono::seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z
};

}  // namespace penstock
