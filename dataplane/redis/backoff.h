#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "dataplane/base/clock.h"
#include "dataplane/base/random.h"

namespace penstock::redis {

// When to dial again. Full jitter: a uniformly random part of a ceiling that doubles with every failure, so that a
// fleet that lost its server at one moment does not come back at one moment.
class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(50);
  static constexpr Duration kCap = std::chrono::seconds(5);

  Duration Next(Random& random) {
    Duration pause(static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(ceiling_.count()) + 1)));
    ceiling_ = std::min(kCap, 2 * ceiling_);
    return pause;
  }
  void Reset() { ceiling_ = kFirst; }

 private:
  Duration ceiling_ = kFirst;
};

}  // namespace penstock::redis
