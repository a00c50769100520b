#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/base/clock.h"

namespace penstock::downstream {

// The least that a client must send or take: an average over the time in which we waited for it (never the time in
// which it waited for us), counted after a grace. A value; time is an argument.
class MinRate {
 public:
  MinRate() = default;
  // RATE in bytes per second; 0: no bound.
  MinRate(uint32_t rate, Duration grace) : rate_(rate), grace_(grace) {}

  // Until when the next bytes must have moved, if waiting begins now.
  TimePoint Deadline(TimePoint now) const {
    if (rate_ == 0) return kNoDeadline;
    Duration earned = std::chrono::nanoseconds(bytes_ / rate_ * 1'000'000'000 + bytes_ % rate_ * 1'000'000'000 / rate_);
    return After(now, std::max(grace_, earned) - waited_);
  }

  void Moved(uint64_t bytes, Duration waited) {
    bytes_ = std::min(bytes_ + bytes, kEnough);
    waited_ += waited;
  }

 private:
  // More credit than this is not kept: 9 s of 1 GB/s, so that sums stay far from overflow.
  static constexpr uint64_t kEnough = uint64_t{9'000'000'000};

  uint32_t rate_ = 0;
  Duration grace_{0};
  Duration waited_{0};
  uint64_t bytes_ = 0;
};

}  // namespace penstock::downstream
