// Every answer of Take() is compared with the plain definitions over a million arrivals per algorithm.
#include "dataplane/limits/limit_model.h"

#include <algorithm>

#include "dataplane/base/random.h"
#include "dataplane/base/strings.h"
#include "dataplane/limits/arrivals.h"
#include "dataplane/limits/limit.h"
#include "gtest/gtest.h"

namespace penstock::limits {
namespace {

using namespace arrivals;  // NOLINT

constexpr int kArrivals = 1'000'000;
constexpr int kArrivalsPerRule = 100;

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
    std::uint64_t now = FirstInstant(scenario.rule, random);
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
