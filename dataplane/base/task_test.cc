#include "dataplane/base/task.h"

#include <deque>
#include <memory>

#include "gtest/gtest.h"

namespace penstock {
namespace {

constexpr int kMillion = 1'000'000;

// Stands for the outside: what suspends here goes on when the test says so.
class Outside {
 public:
  auto Suspend() {
    struct Awaiter {
      Outside& outside;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> waiter) { outside.waiting_.push_back(waiter); }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }
  void ResumeAll() {
    while (!waiting_.empty()) {
      std::coroutine_handle<> next = waiting_.front();
      waiting_.pop_front();
      next.resume();
    }
  }

 private:
  std::deque<std::coroutine_handle<>> waiting_;
};

Task<int> Immediately(int value) { co_return value; }
Task<int> Ready(int value) { return value; }

Task<int> Later(Outside& outside, int value) {
  co_await outside.Suspend();
  co_return value;
}

Task<int> ThroughThreeLevels(Outside& outside, int value) {
  int inner = co_await Later(outside, value);
  co_return inner;
}

Task<long> SumOfImmediates(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    int one = co_await Immediately(1);
    sum += one;
  }
  co_return sum;
}

Task<long> SumOfReady(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    int one = co_await Ready(1);
    sum += one;
  }
  co_return sum;
}

Task<long> SumOfSuspending(Outside& outside, int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    int one = co_await ThroughThreeLevels(outside, 1);
    sum += one;
  }
  co_return sum;
}

Task<void> Store(Task<long> task, long* out) {
  long value = co_await std::move(task);
  *out = value;
}

TEST(Task, AMillionFinishedChildrenKeepTheStackFlat) { EXPECT_EQ(RunReady(SumOfImmediates(kMillion)), kMillion); }

TEST(Task, AMillionReadyValuesKeepTheStackFlat) { EXPECT_EQ(RunReady(SumOfReady(kMillion)), kMillion); }

TEST(Task, AMillionSuspendingChildrenKeepTheStackFlat) {
  Outside outside;
  long sum = 0;
  Spawn(Store(SumOfSuspending(outside, kMillion), &sum));
  EXPECT_EQ(sum, 0);
  outside.ResumeAll();
  EXPECT_EQ(sum, kMillion);
}

Task<void> Mark(bool* ran) {
  *ran = true;
  co_return;
}

TEST(Task, IsLazy) {
  bool ran = false;
  {
    Task<void> task = Mark(&ran);
  }
  EXPECT_FALSE(ran);
  Spawn(Mark(&ran));
  EXPECT_TRUE(ran);
}

Task<std::unique_ptr<int>> MoveOnly() { co_return std::make_unique<int>(7); }

TEST(Task, CarriesMoveOnlyValues) { EXPECT_EQ(*RunReady(MoveOnly()), 7); }

TEST(Task, ReadyValueNeedsNoCoroutine) {
  Task<int> task = Ready(3);
  ASSERT_TRUE(task.ready());
  EXPECT_EQ(std::move(task).TakeReady(), 3);
}

TEST(TaskDeath, DestroyingASuspendedTaskAborts) {
  EXPECT_DEATH(
      {
        Outside outside;
        Task<int> task = Later(outside, 1);
        struct Ignore : std::suspend_never {};
        std::coroutine_handle<> none = std::noop_coroutine();
        (std::move(task).operator co_await()).await_suspend(none);
      },
      "never destroyed");
}

TEST(TaskDeath, RunReadyAbortsIfTheTaskWaits) {
  EXPECT_DEATH(
      {
        Outside outside;
        RunReady(Later(outside, 1));
      },
      "had to wait");
}

#ifndef PENSTOCK_SANITIZED
TEST(FramePool, GivesTheSameFrameAgain) {
  RunReady(Immediately(1));
  std::size_t free_frames = frame_pool::FreeFrames();
  for (int i = 0; i < 100; ++i) RunReady(Immediately(i));
  EXPECT_EQ(frame_pool::FreeFrames(), free_frames);
}
#endif

}  // namespace
}  // namespace penstock
