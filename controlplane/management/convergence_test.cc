#include "controlplane/management/convergence.h"

#include <gtest/gtest.h>

namespace penstock::management {
namespace {

using management::v1::ACKED;
using management::v1::NONE;
using management::v1::SERVED;
using management::v1::WAIT_FOR_UNSPECIFIED;

rollout::Spread Of(uint32_t served, uint32_t acked, uint32_t total) {
  return {.served = served, .acked = acked, .rejected = 0, .total = total};
}

TEST(Convergence, WaitsForEveryReplicaToServeByDefault) {
  const Goal goal = MakeGoal(WAIT_FOR_UNSPECIFIED, 0, 0);
  EXPECT_EQ(Judge(goal, Of(2, 3, 3), false), Progress::kPending);
  EXPECT_EQ(Judge(goal, Of(3, 3, 3), false), Progress::kReached);
  EXPECT_EQ(Describe(goal, Of(3, 3, 3)), "served by 3/3 replicas");
}

TEST(Convergence, IsReachedAtOnceWithoutReplicas) {
  const Goal goal = MakeGoal(SERVED, 0, 0);
  EXPECT_EQ(Judge(goal, Of(0, 0, 0), false), Progress::kReached);
  EXPECT_EQ(Describe(goal, Of(0, 0, 0)), "stored; no replica connected");
}

TEST(Convergence, CountsWhatWasAskedFor) {
  EXPECT_EQ(Judge(MakeGoal(ACKED, 0, 0), Of(0, 3, 3), false), Progress::kReached);
  EXPECT_EQ(Judge(MakeGoal(NONE, 0, 0), Of(0, 0, 3), false), Progress::kReached);
  EXPECT_EQ(Judge(MakeGoal(SERVED, 90, 0), Of(8, 8, 10), false), Progress::kPending);
  EXPECT_EQ(Judge(MakeGoal(SERVED, 90, 0), Of(9, 9, 10), false), Progress::kReached);
  EXPECT_EQ(Judge(MakeGoal(SERVED, 90, 0), Of(2, 2, 3), false), Progress::kPending) << "2.7 replicas are 3";
  EXPECT_EQ(Judge(MakeGoal(SERVED, 0, 2), Of(1, 1, 1), false), Progress::kPending);
}

TEST(Convergence, TakesANumberOfReplicasAsThatManyHoweverManyAreConnected) {
  const Goal goal = MakeGoal(SERVED, 0, 2);
  EXPECT_EQ(Judge(goal, Of(1, 1, 5), false), Progress::kPending);
  EXPECT_EQ(Judge(goal, Of(2, 2, 5), false), Progress::kReached);
}

TEST(Convergence, EndsAtARejection) {
  EXPECT_EQ(Judge(MakeGoal(SERVED, 0, 0), Of(1, 1, 3), true), Progress::kRejected);
  EXPECT_EQ(Judge(MakeGoal(SERVED, 50, 0), Of(2, 2, 3), true), Progress::kReached) << "enough replicas serve it";
  EXPECT_EQ(Judge(MakeGoal(NONE, 0, 0), Of(0, 0, 3), true), Progress::kReached);
}

}  // namespace
}  // namespace penstock::management
