// When to try again.
#pragma once

#include <algorithm>
#include <chrono>

#include "dataplane/base/clock.h"
#include "dataplane/base/random.h"

namespace penstock::xds {

// Full jitter: a uniformly random part of a ceiling that grows with every failure, so that a fleet that lost its
// control plane at one moment does not come back at one moment.
class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::seconds(2);
  static constexpr Duration kCap = std::chrono::seconds(30);

  explicit Backoff(uint64_t seed) : random_(seed) {}

  Duration Next() {
    Duration wait(static_cast<int64_t>(random_.Below(static_cast<uint64_t>(ceiling_.count()) + 1)));
    ceiling_ = std::min(kCap, ceiling_ * 16 / 10);
    return wait;
  }
  void Reset() { ceiling_ = kFirst; }

 private:
  Random random_;
  Duration ceiling_ = kFirst;
};

}  // namespace penstock::xds
