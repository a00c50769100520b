#include "dataplane/telemetry/stats/cell.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace penstock::telemetry {
namespace {

TEST(Histogram, PutsEveryDurationIntoTheFirstBucketWhoseBoundIsNotBelowIt) {
  for (size_t i = 0; i < Histogram::kBoundsNs.size(); ++i) {
    int64_t bound = Histogram::kBoundsNs[i];
    EXPECT_EQ(Histogram::Bucket(bound - 1), i) << bound;
    EXPECT_EQ(Histogram::Bucket(bound), i) << bound;
    EXPECT_EQ(Histogram::Bucket(bound + 1), i + 1) << bound;
  }
  EXPECT_EQ(Histogram::Bucket(0), 0u);
  EXPECT_EQ(Histogram::Bucket(std::numeric_limits<int64_t>::max()), Histogram::kBuckets - 1);
}

TEST(Histogram, CountsANegativeDurationAsZero) {
  Histogram histogram;
  histogram.Observe(std::chrono::nanoseconds(-5));
  EXPECT_EQ(histogram.ReadBucket(0), 1u);
  EXPECT_EQ(histogram.ReadSumNs(), 0u);
}

TEST(Gauge, GoesUpAndDown) {
  Gauge gauge;
  gauge.Add(3);
  gauge.Add(-5);
  EXPECT_EQ(gauge.Read(), -2);
}

}  // namespace
}  // namespace penstock::telemetry
