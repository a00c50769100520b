#include "dataplane/upstream/forward/head_deadline.h"

#include <gtest/gtest.h>

namespace penstock::upstream {
namespace {

using std::chrono::milliseconds;

// Milliseconds after the request began.
TimePoint At(int ms) { return TimePoint() + milliseconds(1'000'000 + ms); }

const HeadTime kTime{.deadline = At(300), .timeout = milliseconds(300)};

TEST(HeadTime, EndsAtTheDeadlineHoweverShortThatIs) {
  EXPECT_EQ(WaitForHead(kTime, {}, At(0)), At(300));
  EXPECT_FALSE(HasMoreTime(kTime, {}, At(300)));
  EXPECT_EQ(WaitForHead(kTime, {.running = true}, At(0)), At(300)) << "the content may be gone in a moment";
}

TEST(HeadTime, CountsAnewFromTheEndOfTheContent) {
  Uploaded sent{.sent = true, .ended = At(120)};
  EXPECT_TRUE(HasMoreTime(kTime, sent, At(300)));
  EXPECT_EQ(WaitForHead(kTime, sent, At(300)), At(420));
  EXPECT_FALSE(HasMoreTime(kTime, sent, At(420)));
}

TEST(HeadTime, GoesOnWhileContentGoesUp) {
  Uploaded running{.running = true};
  EXPECT_TRUE(HasMoreTime(kTime, running, At(300)));
  EXPECT_EQ(WaitForHead(kTime, running, At(300)), At(1300));
  EXPECT_TRUE(HasMoreTime(kTime, running, At(50'000)));
}

TEST(HeadTime, NeverGoesBeyondWhatTheCallerAllows) {
  HeadTime firm = kTime;
  firm.firm = At(400);
  EXPECT_EQ(WaitForHead(firm, {.running = true}, At(300)), At(400));
  EXPECT_FALSE(HasMoreTime(firm, {.running = true}, At(400)));
  EXPECT_EQ(WaitForHead(firm, {.sent = true, .ended = At(390)}, At(395)), At(400));
}

TEST(HeadTime, IsEndlessWithoutADeadline) {
  HeadTime none{.deadline = kNoDeadline};
  EXPECT_EQ(WaitForHead(none, {.running = true}, At(0)), kNoDeadline);
  EXPECT_EQ(WaitForHead(none, {.sent = true, .ended = At(5)}, At(10)), kNoDeadline);
}

}  // namespace
}  // namespace penstock::upstream
