// The two bucket algorithms of limit.h. `amount` holds the units that are missing, or that wait.
#pragma once

#include <algorithm>

#include "dataplane/limits/arithmetic.h"

namespace penstock::limits {

// What is left of AMOUNT, at most MOST, when N units have flowed in each microsecond between the two instants.
inline Units Flow(const Terms& terms, Units amount, Units most, std::uint64_t then, std::uint64_t now) {
  Units flowed = Units{now - then} * terms.requests;
  amount = std::min(amount, most);
  return amount > flowed ? amount - flowed : 0;
}

class TokenBucket {
 public:
  static std::uint64_t Limit(const Terms& terms) { return terms.burst; }

  TokenBucket(const Terms& terms, Units amount, std::uint64_t then, std::uint64_t now)
      : terms_(terms), full_(Units{terms.burst} * terms.period), missing_(Flow(terms, amount, full_, then, now)) {}

  Units amount() const { return missing_; }
  std::uint64_t Delay() const { return 0; }
  bool Allows(std::uint64_t cost) const { return missing_ + Size(cost) <= full_; }
  void Add(std::uint64_t cost) { missing_ += Size(cost); }
  std::uint64_t Remaining() const { return DivideDown(full_ - missing_, terms_.period); }
  std::uint64_t Reset() const { return DivideUp(missing_, terms_.requests); }
  std::uint64_t RetryAfter(std::uint64_t cost) const {
    return DivideUp(missing_ + Size(cost) - full_, terms_.requests);
  }

 private:
  Units Size(std::uint64_t cost) const { return Units{cost} * terms_.period; }

  const Terms& terms_;
  const Units full_;
  Units missing_;
};

class LeakyBucket {
 public:
  static std::uint64_t Limit(const Terms& terms) { return terms.requests; }

  LeakyBucket(const Terms& terms, Units amount, std::uint64_t then, std::uint64_t now)
      : terms_(terms),
        most_(Units{terms.max_delay} * terms.requests),
        backlog_(Flow(terms, amount, most_ + Size(terms.requests), then, now)) {}

  Units amount() const { return backlog_; }
  std::uint64_t Delay() const { return DivideUp(backlog_, terms_.requests); }
  bool Allows(std::uint64_t) const { return backlog_ <= most_; }
  void Add(std::uint64_t cost) { backlog_ += Size(cost); }
  std::uint64_t Remaining() const { return backlog_ > most_ ? 0 : DivideDown(most_ - backlog_, terms_.period) + 1; }
  std::uint64_t Reset() const { return Delay(); }
  std::uint64_t RetryAfter(std::uint64_t) const { return Delay() - terms_.max_delay; }

 private:
  Units Size(std::uint64_t cost) const { return Units{cost} * terms_.period; }

  const Terms& terms_;
  const Units most_;  // of a backlog behind which one more may wait
  Units backlog_;
};

}  // namespace penstock::limits
