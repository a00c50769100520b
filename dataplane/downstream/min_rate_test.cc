#include "dataplane/downstream/min_rate.h"

#include <gtest/gtest.h>

namespace penstock::downstream {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

TEST(MinRate, GivesAGraceFirst) {
  MinRate rate(500, 30s);
  EXPECT_EQ(rate.Deadline(kStart), kStart + 30s);
}

TEST(MinRate, CountsOnlyTheTimeInWhichWeWaited) {
  MinRate rate(500, 30s);
  rate.Moved(100, 10s);
  EXPECT_EQ(rate.Deadline(kStart + 1h), kStart + 1h + 20s);
}

TEST(MinRate, AllowsWhatTheBytesHaveEarned) {
  MinRate rate(500, 30s);
  rate.Moved(50'000, 40s);  // worth 100 s
  EXPECT_EQ(rate.Deadline(kStart), kStart + 60s);
  rate.Moved(0, 60s);
  EXPECT_EQ(rate.Deadline(kStart), kStart);
}

TEST(MinRate, MayBeOff) {
  MinRate rate(0, 30s);
  EXPECT_EQ(rate.Deadline(kStart), kNoDeadline);
}

TEST(MinRate, DoesNotOverflow) {
  MinRate rate(1, 1s);
  for (int i = 0; i < 10; ++i) rate.Moved(UINT64_MAX / 4, 0s);
  EXPECT_GT(rate.Deadline(kStart), kStart);
}

}  // namespace
}  // namespace penstock::downstream
