#include "dataplane/base/mutex.h"

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace penstock {
namespace {

TEST(MutexTest, LetsOneThreadInAtATime) {
  Mutex mutex;
  int sum = 0;
  auto add = [&] {
    for (int i = 0; i < 1000; ++i) {
      MutexLock lock(&mutex);
      ++sum;
    }
  };
  std::thread other(add);
  add();
  other.join();
  EXPECT_EQ(sum, 2000);
}

TEST(CondVarTest, WakesWhoWaitsForAChange) {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  std::thread other([&] {
    MutexLock lock(&mutex);
    ready = true;
    changed.SignalAll();
  });
  {
    MutexLock lock(&mutex);
    while (!ready) changed.Wait(&mutex);
  }
  other.join();
  EXPECT_TRUE(ready);
}

TEST(CondVarTest, TellsThatTheTimeRanOut) {
  Mutex mutex;
  CondVar changed;
  MutexLock lock(&mutex);
  while (!changed.WaitFor(&mutex, std::chrono::nanoseconds(1))) {
  }
}

TEST(BlockingCounterTest, WaitsForTheLastAndMayGoAtOnce) {
  for (int round = 0; round < 200; ++round) {
    auto counter = std::make_unique<BlockingCounter>(2);
    std::vector<int> done(2);
    std::thread a([&, c = counter.get()] { done[0] = 1, c->DecrementCount(); });
    std::thread b([&, c = counter.get()] { done[1] = 1, c->DecrementCount(); });
    counter->Wait();
    counter.reset();
    EXPECT_EQ(done[0] + done[1], 2);
    a.join();
    b.join();
  }
}

}  // namespace
}  // namespace penstock
