#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/base/clock.h"

namespace penstock::http::h2 {

// What a peer may cost us without useful work: a token bucket that every such frame is charged to, whatever its type,
// so that no new kind of flood needs a new counter. A value; time is an argument.
class GlitchBudget {
 public:
  enum class Level : uint8_t {
    kFine,
    kLow,    // 75 % are spent: no new work for this peer
    kSpent,  // more than all: the connection must end
  };

  // Holds at most CAPACITY; REFILL come back per second.
  GlitchBudget(uint32_t capacity, uint32_t refill) : capacity_(capacity * kToken), refill_(refill) {}

  Level Charge(TimePoint now, uint32_t cost = 1) {
    Refill(now);
    spent_ = std::min(spent_ + cost * kToken, capacity_ + kToken);
    if (spent_ > capacity_) return Level::kSpent;
    return spent_ >= capacity_ / 4 * 3 ? Level::kLow : Level::kFine;
  }

 private:
  // Counted in billionths: a refill of one per second is one of these per nanosecond.
  static constexpr uint64_t kToken = 1'000'000'000;

  void Refill(TimePoint now) {
    uint64_t passed = static_cast<uint64_t>(std::max<int64_t>((now - last_).count(), 0));
    last_ = now;
    spent_ = refill_ != 0 && passed >= spent_ / refill_ ? 0 : spent_ - passed * refill_;
  }

  uint64_t capacity_;
  uint64_t refill_;
  uint64_t spent_ = 0;
  TimePoint last_{};
};

// How many of its requests a client may take back (CVE-2023-44487): 100 per 10 seconds, and not more than half of all
// once there were so many. A value; time is an argument.
class ResetLimit {
 public:
  static constexpr uint32_t kMost = 100;
  static constexpr Duration kWindow = std::chrono::seconds(10);

  // One of the STREAMS of the connection so far was taken back. False: that is too many.
  bool Take(TimePoint now, uint64_t streams) {
    if (now - window_ >= kWindow) {
      window_ = now;
      in_window_ = 0;
    }
    ++in_window_;
    ++total_;
    return in_window_ <= kMost && (total_ <= kMost || total_ * 2 <= streams);
  }

 private:
  TimePoint window_{};
  uint32_t in_window_ = 0;
  uint64_t total_ = 0;
};

}  // namespace penstock::http::h2
