#include "dataplane/upstream/pool/limits.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace penstock::upstream {
namespace {

TEST(LimitShare, NeverExceedsTheLimit) {
  for (int limit : {1, 3, 1024}) {
    SharedLimit shared;
    shared.Set(limit);
    LimitShare a(shared, 2), b(shared, 2);
    int taken = 0;
    while (a.Take()) ++taken;
    while (b.Take()) ++taken;
    EXPECT_EQ(taken, limit);
  }
}

TEST(LimitShare, GivesBackWhatOthersNeed) {
  SharedLimit shared;
  shared.Set(1024);
  LimitShare a(shared, 2), b(shared, 2);
  while (a.Take()) {
  }
  EXPECT_FALSE(b.Take());
  for (int i = 0; i < 1024; ++i) a.Give();
  int taken = 0;
  while (b.Take()) ++taken;
  EXPECT_GE(taken, 1024 * 3 / 4);
}

TEST(LimitShare, OfASmallLimitKeepsNothingBack) {
  SharedLimit shared;
  shared.Set(2);
  LimitShare a(shared, 4), b(shared, 4);
  ASSERT_TRUE(a.Take());
  ASSERT_TRUE(a.Take());
  EXPECT_FALSE(b.Take());
  a.Give();
  EXPECT_TRUE(b.Take());
}

TEST(SharedLimit, CanBeLoweredWhileUnitsAreOut) {
  SharedLimit shared;
  shared.Set(4);
  LimitShare share(shared, 1);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(share.Take());
  shared.Set(2);
  share.Give();
  share.Give();
  EXPECT_FALSE(share.Take());
  share.Give();
  EXPECT_TRUE(share.Take());
}

TEST(SharedLimit, ThreadsTogetherNeverExceedIt) {
  SharedLimit shared;
  shared.Set(100);
  std::atomic<int> out{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      LimitShare share(shared, 3);
      for (int i = 0; i < 5000; ++i) {
        if (!share.Take()) continue;
        EXPECT_LE(out.fetch_add(1) + 1, 100);
        out.fetch_sub(1);
        share.Give();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  LimitShare all(shared, 1);
  int taken = 0;
  while (all.Take()) ++taken;
  EXPECT_EQ(taken, 100);
}

TEST(ProcessLimits, AreSharedByNameAsLongAsSomebodyHoldsThem) {
  ProcessLimits limits(2);
  std::shared_ptr<ClusterLimits> a = limits.Get("a");
  EXPECT_EQ(limits.Get("a"), a);
  EXPECT_NE(limits.Get("b"), a);
}

}  // namespace
}  // namespace penstock::upstream
