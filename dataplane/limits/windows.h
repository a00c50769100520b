// The two window algorithms of limit.h. `amount` holds what was admitted in the window of the state's instant, and
// above it what was admitted in the window before.
#pragma once

#include <algorithm>

#include "dataplane/limits/arithmetic.h"

namespace penstock::limits {

// No time at all, or the time until the next window.
inline std::uint64_t UntilNextWindow(const Terms& terms, std::uint64_t at) { return terms.period - at % terms.period; }

class FixedWindow {
 public:
  static std::uint64_t Limit(const Terms& terms) { return terms.requests; }

  FixedWindow(const Terms& terms, Units amount, std::uint64_t then, std::uint64_t now) : terms_(terms), at_(now) {
    if (then / terms.period != now / terms.period) return;
    used_ = static_cast<std::uint64_t>(std::min<Units>(amount, terms.requests));
  }

  Units amount() const { return used_; }
  std::uint64_t Delay() const { return 0; }
  bool Allows(std::uint64_t cost) const { return used_ + cost <= terms_.requests; }
  void Add(std::uint64_t cost) { used_ += cost; }
  std::uint64_t Remaining() const { return terms_.requests - used_; }
  std::uint64_t Reset() const { return used_ == 0 ? 0 : UntilNextWindow(terms_, at_); }
  std::uint64_t RetryAfter(std::uint64_t) const { return UntilNextWindow(terms_, at_); }

 private:
  const Terms& terms_;
  const std::uint64_t at_;
  std::uint64_t used_ = 0;
};

class SlidingWindow {
 public:
  static std::uint64_t Limit(const Terms& terms) { return terms.requests; }

  SlidingWindow(const Terms& terms, Units amount, std::uint64_t then, std::uint64_t now)
      : terms_(terms), elapsed_(now % terms.period) {
    std::uint64_t windows = now / terms.period - then / terms.period;
    std::uint64_t latest = std::min(static_cast<std::uint64_t>(amount) & kMask, terms.requests);
    std::uint64_t older = std::min(static_cast<std::uint64_t>(amount >> kBits) & kMask, terms.requests);
    if (windows == 0) used_ = latest;
    if (windows <= 1) before_ = windows == 0 ? older : latest;
  }

  Units amount() const { return Units{before_} << kBits | used_; }
  std::uint64_t Delay() const { return 0; }
  bool Allows(std::uint64_t cost) const { return Weighed() + cost <= terms_.requests; }
  void Add(std::uint64_t cost) { used_ += cost; }
  std::uint64_t Remaining() const { return terms_.requests - std::min(Weighed(), terms_.requests); }
  std::uint64_t Reset() const {
    if (used_ > 0) return 2 * terms_.period - elapsed_;
    return before_ > 0 ? terms_.period - elapsed_ : 0;
  }
  // Either the window before has lost enough weight within this one, or this one must have, within the next.
  std::uint64_t RetryAfter(std::uint64_t cost) const {
    if (used_ + cost <= terms_.requests) return LightEnough(before_, terms_.requests - used_ - cost) - elapsed_;
    return terms_.period - elapsed_ + LightEnough(used_, terms_.requests - cost);
  }

 private:
  static constexpr int kBits = 36;
  static constexpr std::uint64_t kMask = (std::uint64_t{1} << kBits) - 1;

  // Counts are whole, so the weight of the window before may be rounded up before it is compared.
  std::uint64_t Weighed() const { return used_ + DivideUp(Units{before_} * (terms_.period - elapsed_), terms_.period); }
  // The first microsecond of a window at which COUNT of the one before it weigh at most ROOM. REQUIRES: count > room.
  std::uint64_t LightEnough(std::uint64_t count, std::uint64_t room) const {
    return terms_.period - DivideDown(Units{room} * terms_.period, count);
  }

  const Terms& terms_;
  const std::uint64_t elapsed_;
  std::uint64_t used_ = 0;
  std::uint64_t before_ = 0;
};

}  // namespace penstock::limits
