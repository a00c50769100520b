#include "controlplane/management/convergence.h"

#include <gtest/gtest.h>

namespace penstock::management {
namespace {

using management::v1::SERVED;

rollout::Spread ServedBy(uint32_t served, uint32_t total) {
  return {.served = served, .acked = served, .total = total};
}

TEST(Convergence, AllThatCountByDefault) {
  const Goal goal = MakeGoal(SERVED, 0, 0);
  EXPECT_EQ(Judge(goal, ServedBy(2, 3), false), Progress::kPending);
  EXPECT_EQ(Judge(goal, ServedBy(3, 3), false), Progress::kReached);
}

TEST(Convergence, ANumberOfReplicasIsThatNumberWithFewerAndWithMoreConnected) {
  const Goal goal = MakeGoal(SERVED, 0, 2);
  EXPECT_EQ(Judge(goal, ServedBy(1, 1), false), Progress::kPending);
  EXPECT_EQ(Judge(goal, ServedBy(1, 5), false), Progress::kPending);
  EXPECT_EQ(Judge(goal, ServedBy(2, 5), false), Progress::kReached);
}

TEST(Convergence, APercentageIsRoundedUp) {
  const Goal goal = MakeGoal(SERVED, 50, 0);
  EXPECT_EQ(Judge(goal, ServedBy(1, 3), false), Progress::kPending);
  EXPECT_EQ(Judge(goal, ServedBy(2, 3), false), Progress::kReached);
  EXPECT_EQ(Judge(goal, ServedBy(1, 3), true), Progress::kRejected);
}

}  // namespace
}  // namespace penstock::management
