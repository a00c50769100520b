#include "dataplane/base/cancellation.h"

#include "gtest/gtest.h"

namespace penstock {
namespace {

struct Counter final : Cancellation::Listener {
  void OnCancel() override { ++cancelled; }
  int cancelled = 0;
};

TEST(Cancellation, TellsEveryListenerOnce) {
  Cancellation cancellation;
  Counter a, b;
  cancellation.Add(a);
  cancellation.Add(b);
  cancellation.Cancel();
  cancellation.Cancel();
  EXPECT_EQ(a.cancelled, 1);
  EXPECT_EQ(b.cancelled, 1);
}

TEST(Cancellation, ForgetsAListenerThatIsGone) {
  Cancellation cancellation;
  {
    Counter gone;
    cancellation.Add(gone);
  }
  cancellation.Cancel();
  EXPECT_TRUE(cancellation.cancelled());
}

TEST(Cancellation, OfAParentReachesItsChildrenButNotTheOtherWay) {
  Cancellation parent;
  Cancellation child(&parent);
  Cancellation other(&parent);
  Counter in_child, in_other;
  child.Add(in_child);
  other.Add(in_other);
  child.Cancel();
  EXPECT_FALSE(parent.cancelled());
  EXPECT_EQ(in_other.cancelled, 0);
  parent.Cancel();
  EXPECT_EQ(in_child.cancelled, 1);
  EXPECT_EQ(in_other.cancelled, 1);
}

TEST(Cancellation, UnderACancelledParentStartsCancelled) {
  Cancellation parent;
  parent.Cancel();
  Cancellation child(&parent);
  EXPECT_TRUE(child.cancelled());
}

TEST(Wait, TakesTheEarlierDeadline) {
  TimePoint early{std::chrono::seconds(1)}, late{std::chrono::seconds(2)};
  EXPECT_EQ((Wait{late, nullptr}.Until(early).deadline), early);
  EXPECT_EQ((Wait{early, nullptr}.Until(late).deadline), early);
}

TEST(After, DoesNotOverflow) { EXPECT_EQ(After(TimePoint{std::chrono::hours(1)}, Duration::max()), kNoDeadline); }

}  // namespace
}  // namespace penstock
