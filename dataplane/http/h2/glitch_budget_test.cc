#include "dataplane/http/h2/glitch_budget.h"

#include <gtest/gtest.h>

namespace penstock::http::h2 {
namespace {

using namespace std::chrono_literals;
using Level = GlitchBudget::Level;

TEST(GlitchBudget, WarnsAtThreeQuartersAndEndsBeyondAll) {
  GlitchBudget budget(200, 20);
  TimePoint now{1h};
  for (int i = 0; i < 149; ++i) ASSERT_EQ(budget.Charge(now), Level::kFine) << i;
  for (int i = 149; i < 200; ++i) ASSERT_EQ(budget.Charge(now), Level::kLow) << i;
  EXPECT_EQ(budget.Charge(now), Level::kSpent);
}

TEST(GlitchBudget, ComesBackWithTimeButNeverBeyondItsCapacity) {
  GlitchBudget budget(200, 20);
  TimePoint now{1h};
  for (int i = 0; i < 200; ++i) budget.Charge(now);
  now += 3s;
  for (int i = 0; i < 60; ++i) ASSERT_NE(budget.Charge(now), Level::kSpent) << i;
  EXPECT_EQ(budget.Charge(now), Level::kSpent);
  now += 24h * 365;
  for (int i = 0; i < 200; ++i) ASSERT_NE(budget.Charge(now), Level::kSpent) << i;
  EXPECT_EQ(budget.Charge(now), Level::kSpent);
}

TEST(GlitchBudget, AllowsItsRefillForever) {
  GlitchBudget budget(10, 20);
  TimePoint now{1h};
  for (int i = 0; i < 10'000; ++i, now += 50ms) ASSERT_EQ(budget.Charge(now), Level::kFine) << i;
}

TEST(GlitchBudget, WithoutARefillIsSpentOnceAndForAll) {
  GlitchBudget budget(2, 0);
  budget.Charge(TimePoint(1h));
  budget.Charge(TimePoint(2h));
  EXPECT_EQ(budget.Charge(TimePoint(1000h)), Level::kSpent);
}

TEST(GlitchBudget, IsSpentAtOnceByACostBeyondIt) {
  GlitchBudget budget(100'000'000, 1);
  EXPECT_EQ(budget.Charge(TimePoint(1h), UINT32_MAX), Level::kSpent);
}

TEST(ResetLimit, AllowsAHundredInTenSeconds) {
  ResetLimit limit;
  TimePoint now{1h};
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(limit.Take(now, 1'000'000)) << i;
  EXPECT_FALSE(limit.Take(now, 1'000'000));
}

TEST(ResetLimit, BeginsAnewAfterTenSeconds) {
  ResetLimit limit;
  TimePoint now{1h};
  for (int round = 0; round < 10; ++round, now += 10s) {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(limit.Take(now, 1'000'000)) << round << " " << i;
  }
}

TEST(ResetLimit, EndsAClientThatTakesBackMoreThanHalfOfItsRequestsInTheLongRun) {
  ResetLimit slow;
  TimePoint now{1h};
  for (uint64_t i = 1; i <= 100; ++i, now += 1s) ASSERT_TRUE(slow.Take(now, i));
  EXPECT_FALSE(slow.Take(now, 101));

  ResetLimit half;
  for (uint64_t i = 1; i <= 1000; ++i, now += 1s) ASSERT_TRUE(half.Take(now, 2 * i)) << i;
}

}  // namespace
}  // namespace penstock::http::h2
