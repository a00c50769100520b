#include "dataplane/io/reactor/timer.h"

#include <memory>
#include <vector>

#include "dataplane/base/random.h"
#include "gtest/gtest.h"

namespace penstock::io {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr TimePoint kStart{hours(1)};

struct Recorder final : Timer {
  void OnTimer() override { ++fired; }
  int fired = 0;
};

TEST(TimerWheel, FiresOnceAndNeverEarly) {
  TimerWheel wheel(kStart);
  Recorder timer;
  timer.Arm(wheel, kStart + milliseconds(10));
  wheel.Advance(kStart + milliseconds(10) - microseconds(1));
  EXPECT_EQ(timer.fired, 0);
  wheel.Advance(kStart + milliseconds(10));
  EXPECT_EQ(timer.fired, 1);
  wheel.Advance(kStart + hours(1));
  EXPECT_EQ(timer.fired, 1);
  EXPECT_FALSE(timer.armed());
}

TEST(TimerWheel, RoundsAFractionOfATickUp) {
  TimerWheel wheel(kStart);
  Recorder timer;
  timer.Arm(wheel, kStart + milliseconds(1) + microseconds(1));
  wheel.Advance(kStart + milliseconds(1));
  EXPECT_EQ(timer.fired, 0);
  wheel.Advance(kStart + milliseconds(2));
  EXPECT_EQ(timer.fired, 1);
}

TEST(TimerWheel, ForgetsATimerThatIsDisarmedOrDestroyed) {
  TimerWheel wheel(kStart);
  Recorder timer;
  timer.Arm(wheel, kStart + milliseconds(5));
  {
    Recorder gone;
    gone.Arm(wheel, kStart + milliseconds(5));
  }
  timer.Disarm();
  EXPECT_EQ(wheel.NextWake(), kNoDeadline);
  wheel.Advance(kStart + milliseconds(5));
  EXPECT_EQ(timer.fired, 0);
}

TEST(TimerWheel, MovesATimerThatIsArmedAgain) {
  TimerWheel wheel(kStart);
  Recorder timer;
  timer.Arm(wheel, kStart + milliseconds(5));
  timer.Arm(wheel, kStart + milliseconds(500));
  wheel.Advance(kStart + milliseconds(499));
  EXPECT_EQ(timer.fired, 0);
  wheel.Advance(kStart + milliseconds(500));
  EXPECT_EQ(timer.fired, 1);
}

TEST(TimerWheel, FiresADeadlineInThePastAtTheNextTick) {
  TimerWheel wheel(kStart);
  Recorder timer;
  timer.Arm(wheel, kStart - hours(1));
  wheel.Advance(kStart + milliseconds(1));
  EXPECT_EQ(timer.fired, 1);
}

TEST(TimerWheel, ReachesBeyondItsRange) {
  TimerWheel wheel(kStart);
  Recorder timer;
  timer.Arm(wheel, kStart + hours(24 * 40));
  for (int day = 0; day < 40; ++day) {
    wheel.Advance(kStart + hours(24 * day));
    EXPECT_EQ(timer.fired, 0) << day;
  }
  wheel.Advance(kStart + hours(24 * 40));
  EXPECT_EQ(timer.fired, 1);
}

struct Ordered final : Timer {
  void OnTimer() override { fired_at = *now; }
  TimePoint* now = nullptr;
  TimePoint deadline;
  TimePoint fired_at = kNoDeadline;
};

TEST(TimerWheel, AThousandRandomDeadlinesFireAtTheirTicksHoweverTimeAdvances) {
  Random random(7);
  for (int round = 0; round < 20; ++round) {
    TimePoint now = kStart + milliseconds(random.Below(1'000'000'000));
    TimerWheel wheel(now);
    std::vector<std::unique_ptr<Ordered>> timers;
    for (int i = 0; i < 1000; ++i) {
      timers.push_back(std::make_unique<Ordered>());
      timers.back()->now = &now;
      timers.back()->deadline = now + milliseconds(1 + random.Below(std::uint64_t{1} << random.Below(31)));
      timers.back()->Arm(wheel, timers.back()->deadline);
    }
    TimePoint previous = now;
    while (wheel.NextWake() != kNoDeadline) {
      previous = now;
      // Now and then an idle turn in between.
      TimePoint wake = wheel.NextWake();
      now = random.Below(3) == 0 ? now + (wake - now) / 2 : wake;
      wheel.Advance(now);
      for (const std::unique_ptr<Ordered>& timer : timers) {
        if (timer->fired_at != now || previous == now) continue;
        ASSERT_GE(now, timer->deadline);
        ASSERT_LT(previous, timer->deadline);
      }
    }
    for (const std::unique_ptr<Ordered>& timer : timers) ASSERT_NE(timer->fired_at, kNoDeadline);
  }
}

}  // namespace
}  // namespace penstock::io
