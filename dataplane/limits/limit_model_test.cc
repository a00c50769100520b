// Every answer of Take() is compared with the plain definitions over a million arrivals per algorithm.
#include "dataplane/limits/limit_model.h"

#include <algorithm>
#include <iterator>

#include "dataplane/base/random.h"
#include "dataplane/base/strings.h"
#include "dataplane/limits/limit.h"
#include "gtest/gtest.h"

namespace penstock::limits {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kArrivals = 1'000'000;
constexpr int kArrivalsPerRule = 100;

TimePoint At(std::uint64_t us) { return TimePoint(microseconds(static_cast<std::int64_t>(us))); }
std::uint64_t Us(Duration duration) { return static_cast<std::uint64_t>(duration / microseconds(1)); }

// Small numbers, where everything happens soon, and the largest ones.
LimitRule RandomRule(Algorithm algorithm, Random& random) {
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

std::uint32_t RandomCost(const LimitRule& rule, Random& random) {
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
std::uint64_t NextInstant(const LimitRule& rule, std::uint64_t now, const Taken& taken, Random& random) {
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

class LimitDefinition : public testing::TestWithParam<Algorithm> {
 protected:
  // Under the rule of one scenario.
  struct Scenario {
    LimitRule rule;
    LimitModel model;
    LimitState state;
    std::uint64_t instant = 0;  // the model's: the latest so far

    explicit Scenario(const LimitRule& rule) : rule(rule), model(rule) {}
  };

  void Arrive(Scenario& scenario, std::uint64_t now, std::uint32_t cost, Taken& taken) {
    scenario.instant = std::max(scenario.instant, now);
    std::uint64_t t = scenario.instant;
    bool allowed = cost == 0 || scenario.model.Allows(t, cost);
    std::uint64_t delay = allowed && cost > 0 ? scenario.model.Delay(t) : 0;
    taken = Take(scenario.rule, scenario.state, At(now), cost);
    ASSERT_EQ(taken.allowed, allowed);
    ASSERT_EQ(Us(taken.delay), delay);
    ASSERT_EQ(scenario.state.at, t);
    if (allowed && cost > 0) scenario.model.Admit(t, cost);
    CheckForecast(scenario, t, cost, taken);
    scenario.model.Forget(t);
  }

  // What the answer says about later is what the definition will say then.
  void CheckForecast(const Scenario& scenario, std::uint64_t t, std::uint32_t cost, const Taken& taken) {
    const LimitModel& model = scenario.model;
    ASSERT_TRUE(model.AllowsInARow(t, taken.remaining));
    ASSERT_FALSE(model.AllowsInARow(t, taken.remaining + 1));
    std::uint64_t reset = t + Us(taken.reset);
    ASSERT_TRUE(model.IsNew(reset));
    if (reset > t) ASSERT_FALSE(model.IsNew(reset - 1));
    if (taken.allowed) {
      ASSERT_EQ(taken.retry_after, Duration::zero());
    } else if (cost > LimitOf(scenario.rule)) {
      ASSERT_EQ(taken.retry_after, kNever);
    } else {
      std::uint64_t again = t + Us(taken.retry_after);
      ASSERT_GT(again, t);
      ASSERT_TRUE(model.Allows(again, cost));
      ASSERT_FALSE(model.Allows(again - 1, cost));
    }
  }
};

TEST_P(LimitDefinition, EveryAnswerIsWhatThePlainDefinitionSays) {
  Random random(static_cast<std::uint64_t>(GetParam()) + 1);
  for (int arrivals = 0; arrivals < kArrivals;) {
    Scenario scenario(RandomRule(GetParam(), random));
    std::uint64_t now = random.Below(2) == 0 ? Us(scenario.rule.per) + random.Below(10'000) : 1'790'000'000'000'000;
    for (int i = 0; i < kArrivalsPerRule; ++i, ++arrivals) {
      SCOPED_TRACE(StrCat("arrival ", arrivals, " at ", now, ": ", scenario.rule.requests, " per ",
                          Us(scenario.rule.per), " us, burst ", scenario.rule.burst, ", delay ",
                          Us(scenario.rule.max_delay)));
      Taken taken;
      Arrive(scenario, now, RandomCost(scenario.rule, random), taken);
      if (HasFatalFailure()) return;
      now = NextInstant(scenario.rule, now, taken, random);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, LimitDefinition,
                         testing::Values(Algorithm::kFixedWindow, Algorithm::kSlidingWindow, Algorithm::kTokenBucket,
                                         Algorithm::kLeakyBucket));

}  // namespace
}  // namespace penstock::limits
