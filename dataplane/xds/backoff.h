// When to try again.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

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

// What follows a stream that ended: the addresses are tried in turn, with a pause only when a stream was lost, or when
// none of them could be reached.
class Retries {
 public:
  Retries(uint64_t seed, size_t addresses) : backoff_(seed), addresses_(addresses) {}

  // How a stream ended.
  enum class End {
    kFailed,     // it never gave a response
    kLost,       // it worked
    kDisplaced,  // it worked, until another data plane connected with this one's id
  };

  // The pause before the next address; nullopt: none.
  std::optional<Duration> After(End end) {
    failed_in_a_row_ = end == End::kFailed ? failed_in_a_row_ + 1 : 0;
    // Two data planes with one id drive each other out, ever more slowly.
    if (end == End::kLost) backoff_.Reset();
    if (end == End::kFailed && failed_in_a_row_ % addresses_ != 0) return std::nullopt;
    return backoff_.Next();
  }

 private:
  Backoff backoff_;
  const size_t addresses_;
  size_t failed_in_a_row_ = 0;
};

}  // namespace penstock::xds
