#include "dataplane/limits/limit.h"

#include <deque>

#include "dataplane/base/random.h"
#include "gtest/gtest.h"

namespace penstock::limits {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Windows of a second begin at whole seconds.
TimePoint At(Duration since_zero) { return TimePoint(hours(1) + since_zero); }

LimitRule PerSecond(Algorithm algorithm, std::uint64_t requests) {
  return {.algorithm = algorithm, .requests = requests, .per = seconds(1)};
}

int AdmittedOf(int asked, const LimitRule& rule, LimitState& state, TimePoint now) {
  int admitted = 0;
  for (int i = 0; i < asked; ++i) admitted += Take(rule, state, now).allowed ? 1 : 0;
  return admitted;
}

TEST(FixedWindow, IsFullAgainAtTheNextMultipleOfThePeriod) {
  LimitRule rule = PerSecond(Algorithm::kFixedWindow, 10);
  LimitState state;
  EXPECT_EQ(AdmittedOf(20, rule, state, At(milliseconds(990))), 10);
  Taken refused = Take(rule, state, At(milliseconds(990)));
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0u);
  EXPECT_EQ(refused.retry_after, milliseconds(10));
  EXPECT_EQ(refused.reset, milliseconds(10));
  EXPECT_EQ(AdmittedOf(20, rule, state, At(milliseconds(1000))), 10);
}

TEST(SlidingWindow, LetsNobodyHaveABurstAgainAtTheEdgeOfAWindow) {
  LimitRule rule = PerSecond(Algorithm::kSlidingWindow, 10);
  LimitState state;
  EXPECT_EQ(AdmittedOf(20, rule, state, At(milliseconds(990))), 10);
  EXPECT_EQ(AdmittedOf(20, rule, state, At(milliseconds(1000))), 0);
  EXPECT_EQ(AdmittedOf(20, rule, state, At(milliseconds(1099))), 0);
  EXPECT_EQ(AdmittedOf(20, rule, state, At(milliseconds(1100))), 1);
  EXPECT_EQ(AdmittedOf(20, rule, state, At(milliseconds(1500))), 4);
}

TEST(TokenBucket, RefillsContinuouslyUpToItsBurst) {
  LimitRule rule = PerSecond(Algorithm::kTokenBucket, 3);
  rule.burst = 5;
  LimitState state;
  EXPECT_EQ(AdmittedOf(20, rule, state, At({})), 5);
  Taken refused = Take(rule, state, At({}));
  EXPECT_EQ(refused.retry_after, microseconds(333'334));
  EXPECT_EQ(refused.reset, microseconds(1'666'667));
  EXPECT_EQ(AdmittedOf(20, rule, state, At(microseconds(333'333))), 0);
  EXPECT_EQ(AdmittedOf(20, rule, state, At(microseconds(333'334))), 1);
  EXPECT_EQ(AdmittedOf(20, rule, state, At(seconds(1))), 2);
  EXPECT_EQ(AdmittedOf(20, rule, state, At(hours(1))), 5);
}

TEST(TokenBucket, DoesNotDriftOverAMillionRefills) {
  LimitRule rule = PerSecond(Algorithm::kTokenBucket, 7);
  rule.burst = 1;
  LimitState state;
  std::uint64_t admitted = 0;
  for (std::int64_t us = 0; us < 1'000'000'000; us += 997) admitted += Take(rule, state, At(microseconds(us))).allowed;
  // A thousand seconds at 7 a second, each found up to 997 us late.
  EXPECT_GE(admitted, 6950u);
  EXPECT_LE(admitted, 7001u);
  state = {};
  admitted = 0;
  for (std::int64_t us = 0; us < 1'000'000'000; ++admitted)
    us += Take(rule, state, At(microseconds(us))).reset.count() / 1000;
  // Each at the first microsecond that allows it: 142,858 us, of which 142,857 1/7 had to pass.
  EXPECT_EQ(admitted, 1'000'000'000u / 142'858 + 1);
}

TEST(LeakyBucket, SpacesRequestsAndRefusesWhoWouldWaitTooLong) {
  LimitRule rule = PerSecond(Algorithm::kLeakyBucket, 10);
  rule.max_delay = milliseconds(250);
  LimitState state;
  EXPECT_EQ(Take(rule, state, At({})), (Taken{true, 2, milliseconds(100), {}, {}}));
  EXPECT_EQ(Take(rule, state, At({})), (Taken{true, 1, milliseconds(200), {}, milliseconds(100)}));
  EXPECT_EQ(Take(rule, state, At({})), (Taken{true, 0, milliseconds(300), {}, milliseconds(200)}));
  EXPECT_EQ(Take(rule, state, At({})), (Taken{false, 0, milliseconds(300), milliseconds(50), {}}));
  EXPECT_EQ(Take(rule, state, At(milliseconds(50))), (Taken{true, 0, milliseconds(350), {}, milliseconds(250)}));
}

TEST(LeakyBucket, WithoutADelayAdmitsOneAtATime) {
  LimitRule rule = PerSecond(Algorithm::kLeakyBucket, 10);
  LimitState state;
  EXPECT_EQ(AdmittedOf(20, rule, state, At({})), 1);
  EXPECT_EQ(AdmittedOf(20, rule, state, At(microseconds(99'999))), 0);
  EXPECT_EQ(AdmittedOf(20, rule, state, At(milliseconds(100))), 1);
}

class AnyAlgorithm : public testing::TestWithParam<Algorithm> {};

TEST_P(AnyAlgorithm, ACostAboveTheLimitIsNeverAllowedAndTakesNothing) {
  LimitRule rule = PerSecond(GetParam(), 10);
  LimitState state;
  Taken taken = Take(rule, state, At({}), 11);
  EXPECT_FALSE(taken.allowed);
  EXPECT_EQ(taken.retry_after, kNever);
  EXPECT_EQ(taken.reset, Duration::zero());
  EXPECT_TRUE(Take(rule, state, At({}), 10).allowed);
}

TEST_P(AnyAlgorithm, ACostOfZeroOnlyAsks) {
  LimitRule rule = PerSecond(GetParam(), 1);
  LimitState state;
  EXPECT_EQ(Take(rule, state, At({}), 0), (Taken{true, 1, {}, {}, {}}));
  EXPECT_TRUE(Take(rule, state, At({}), 1).allowed);
  Taken asked = Take(rule, state, At({}), 0);
  EXPECT_TRUE(asked.allowed);
  EXPECT_EQ(asked.remaining, 0u);
  EXPECT_EQ(asked.reset, GetParam() == Algorithm::kSlidingWindow ? seconds(2) : seconds(1));
}

TEST_P(AnyAlgorithm, AStepBackInTimeCountsAsNoTime) {
  LimitRule rule = PerSecond(GetParam(), 1);
  LimitState state;
  EXPECT_TRUE(Take(rule, state, At(seconds(10))).allowed);
  Taken taken = Take(rule, state, At(seconds(5)));
  EXPECT_FALSE(taken.allowed);
  EXPECT_EQ(taken.retry_after, GetParam() == Algorithm::kSlidingWindow ? seconds(2) : seconds(1));
  EXPECT_FALSE(Take(rule, state, TimePoint(nanoseconds(-1))).allowed);
  EXPECT_FALSE(Take(rule, state, TimePoint::min()).allowed);
  EXPECT_TRUE(Take(rule, state, At(seconds(12))).allowed);
}

// A limit that was lowered, or another algorithm, under the same key.
TEST_P(AnyAlgorithm, AStateOfAnythingElseIsAtMostAllSpent) {
  Random random(5);
  for (int i = 0; i < 100'000; ++i) {
    LimitState state;
    state.at = random.Next() >> random.Below(64);
    state.amount_high = static_cast<std::uint8_t>(random.Next() >> random.Below(64));
    state.amount_low = random.Next() >> random.Below(64);
    std::uint64_t at = state.at;
    LimitRule rule = PerSecond(GetParam(), 1 + random.Below(kMostRequests));
    Taken taken = Take(rule, state, At({}), 1);
    ASSERT_EQ(state.at, std::max(at, InstantOf(At({}))));
    ASSERT_LE(taken.remaining, rule.requests);
    ASSERT_LE(taken.reset, seconds(2));
    ASSERT_LE(taken.retry_after, seconds(2));
  }
}

TEST_P(AnyAlgorithm, TheEndOfTimeIsLikeAnyOtherInstant) {
  LimitRule rule = PerSecond(GetParam(), 1);
  rule.per = kLongestPeriod;
  LimitState state;
  EXPECT_TRUE(Take(rule, state, TimePoint::max()).allowed);
  EXPECT_FALSE(Take(rule, state, TimePoint::max()).allowed);
  EXPECT_EQ(state.at, kLastInstant);
}

// What limit.h promises of any stretch of one period, [t, t + W), to whoever is counting at the other end.
TEST_P(AnyAlgorithm, NoStretchOfAPeriodHoldsMoreThanPromised) {
  Random random(6);
  for (int i = 0; i < 300; ++i) {
    LimitRule rule{.algorithm = GetParam(), .requests = 1 + random.Below(12), .per = milliseconds(1)};
    bool leaky = GetParam() == Algorithm::kLeakyBucket;
    if (leaky) rule.max_delay = microseconds(random.Below(3000));
    std::uint64_t most = leaky ? rule.requests + 1 : 2 * rule.requests;
    if (GetParam() == Algorithm::kSlidingWindow) --most;
    LimitState state;
    std::deque<TimePoint> out;
    TimePoint now = At({});
    for (int arrivals = 0; arrivals < 1000; ++arrivals) {
      now += microseconds(random.Below(4) == 0 ? random.Below(600) : random.Below(20));
      Taken taken = Take(rule, state, now);
      if (!taken.allowed) continue;
      out.push_back(now + taken.delay);
      while (out.front() + rule.per <= out.back()) out.pop_front();
      ASSERT_LE(out.size(), most);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, AnyAlgorithm,
                         testing::Values(Algorithm::kFixedWindow, Algorithm::kSlidingWindow, Algorithm::kTokenBucket,
                                         Algorithm::kLeakyBucket));

TEST(LimitRule, IsCheckedFieldByField) {
  constexpr Algorithm kToken = Algorithm::kTokenBucket;
  constexpr Algorithm kLeaky = Algorithm::kLeakyBucket;
  struct Case {
    LimitRule rule;
    std::string_view wrong;  // the field; "" if none
  };
  const Case cases[] = {
      {{kToken, 1, kShortestPeriod, 0, {}}, ""},
      {{kToken, kMostRequests, kLongestPeriod, kMostRequests, {}}, ""},
      {{kLeaky, kMostRequests, hours(1), 0, hours(1)}, ""},
      {{kToken, 0, seconds(1), 0, {}}, "requests"},
      {{kToken, kMostRequests + 1, seconds(1), 0, {}}, "requests"},
      {{kToken, 1, kShortestPeriod - nanoseconds(1), 0, {}}, "per"},
      {{kToken, 1, kLongestPeriod + seconds(1), 0, {}}, "per"},
      {{kToken, 1, seconds(-1), 0, {}}, "per"},
      {{kToken, 1, seconds(1) + nanoseconds(1), 0, {}}, "per"},
      {{kToken, 1, seconds(1), kMostRequests + 1, {}}, "burst"},
      {{kToken, 1, hours(24), 367, {}}, "burst"},
      {{kLeaky, 1, seconds(1), 1, {}}, "burst"},
      {{kToken, 1, seconds(1), 0, seconds(1)}, "max_delay"},
      {{kLeaky, 1, seconds(1), 0, seconds(-1)}, "max_delay"},
      {{kLeaky, 1, seconds(1), 0, kLongestDelay + seconds(1)}, "max_delay"},
      {{kLeaky, 1, seconds(1), 0, nanoseconds(1)}, "max_delay"},
      {{kLeaky, kMostRequests, seconds(1), 0, seconds(2)}, "max_delay"},
  };
  for (const Case& one : cases) {
    Status status = Check(one.rule);
    EXPECT_EQ(ToStd(status.message()).substr(0, status.message().find(':')), one.wrong) << status;
  }
}

}  // namespace
}  // namespace penstock::limits
