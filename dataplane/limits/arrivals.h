// Rules and arrivals at random, with a liking for the instants at which something changes. For tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "dataplane/base/random.h"
#include "dataplane/limits/limit.h"

namespace penstock::limits::arrivals {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline TimePoint At(std::uint64_t us) { return TimePoint(microseconds(static_cast<std::int64_t>(us))); }
inline std::uint64_t Us(Duration duration) { return static_cast<std::uint64_t>(duration / microseconds(1)); }

// Small numbers, where everything happens soon, and the largest ones.
inline LimitRule RandomRule(Algorithm algorithm, Random& random) {
  constexpr std::uint64_t kRequests[] = {1, 2, 3, 7, 10, 60, 1000, 999'999'937, kMostRequests};
  const Duration kPeriods[] = {milliseconds(1), microseconds(1009), microseconds(4999), seconds(1),
                               seconds(60),     hours(1),           hours(24),          kLongestPeriod};
  const Duration kDelays[] = {Duration::zero(), microseconds(1),  microseconds(333), milliseconds(1),
                              milliseconds(20), milliseconds(77), seconds(1),        kLongestDelay};
  LimitRule rule{.algorithm = algorithm};
  do {
    rule.requests = random.Below(2) == 0 ? 1 + random.Below(20) : kRequests[random.Below(std::size(kRequests))];
    rule.per = random.Below(2) == 0 ? microseconds(1000 + random.Below(3000)) : kPeriods[random.Below(8)];
    if (algorithm == Algorithm::kTokenBucket && random.Below(2) == 0) rule.burst = 1 + random.Below(3 * rule.requests);
    if (algorithm == Algorithm::kLeakyBucket) rule.max_delay = kDelays[random.Below(8)];
  } while (!Check(rule).ok());
  return rule;
}

inline std::uint32_t RandomCost(const LimitRule& rule, Random& random) {
  std::uint64_t limit = LimitOf(rule);
  switch (random.Below(16)) {
    case 0:
      return 0;
    case 1:
      return static_cast<std::uint32_t>(limit);
    case 2:
      return static_cast<std::uint32_t>(limit + 1);
    case 3:
      return ~0u;
    case 4:
    case 5:
    case 6:
      return static_cast<std::uint32_t>(1 + random.Below(limit));
    default:
      return 1;
  }
}

// Where the next arrival is, after one at NOW that was answered by TAKEN.
inline std::uint64_t NextInstant(const LimitRule& rule, std::uint64_t now, const Taken& taken, Random& random) {
  std::uint64_t period = Us(rule.per);
  auto around = [&](std::uint64_t instant) { return std::max<std::uint64_t>(instant, 1) + random.Below(3) - 1; };
  switch (random.Below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return now;
    case 4:
      return now + random.Below(3);
    case 5:
      return around(now + period - now % period);  // the edge of a window
    case 6:
      return around(now + period / rule.requests + 1);
    case 7:
      return now + random.Below(2 * period);
    case 8:
      return now + random.Below(period / rule.requests + 2);
    case 9:
      return around(now + Us(taken.reset) + 1);
    case 10:
    case 11:
      return taken.retry_after == kNever ? now : around(now + Us(taken.retry_after) + 1);
    case 12:
      return now + period * random.Below(4);
    case 13:
      return now - std::min(now, random.Below(3));
    case 14:
      return random.Below(32) == 0 ? now + random.Below(std::uint64_t{1} << 42) : now + 1;
    default:
      return now - std::min(now, random.Below(2 * period));
  }
}

// Where the arrivals of one rule begin: soon after the clock's zero, or in the year 2026.
inline std::uint64_t FirstInstant(const LimitRule& rule, Random& random) {
  return random.Below(2) == 0 ? Us(rule.per) + random.Below(10'000) : 1'790'000'000'000'000;
}

}  // namespace penstock::limits::arrivals
