#include "dataplane/io/reactor/reactor.h"

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/base/when.h"
#include "dataplane/io/reactor/signals.h"
#include "gtest/gtest.h"

namespace penstock::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<Reactor> MakeReactor(const Clock* clock = nullptr) {
  return *Reactor::Create({.clock = clock, .seed = 1});
}

Task<void> SleepInto(Reactor& reactor, Duration duration, Wait wait, std::optional<Status>* out) {
  Status status = co_await reactor.Sleep(duration, wait);
  *out = status;
}

TEST(Reactor, SleepsUntilTheClockSaysSo) {
  FakeClock clock;
  std::unique_ptr<Reactor> reactor = MakeReactor(&clock);
  std::optional<Status> slept;
  reactor->Spawn(SleepInto(*reactor, seconds(5), {}, &slept));
  clock.Advance(seconds(4));
  reactor->Turn(Duration::zero());
  EXPECT_FALSE(slept.has_value());
  clock.Advance(seconds(1));
  reactor->Turn(Duration::zero());
  EXPECT_EQ(slept, absl::OkStatus());
  EXPECT_EQ(reactor->tasks(), 0u);
}

TEST(Reactor, ADeadlineEndsASleep) {
  FakeClock clock;
  std::unique_ptr<Reactor> reactor = MakeReactor(&clock);
  std::optional<Status> slept;
  reactor->Spawn(SleepInto(*reactor, seconds(5), {reactor->Now() + seconds(1), nullptr}, &slept));
  clock.Advance(seconds(1));
  reactor->Turn(Duration::zero());
  ASSERT_TRUE(slept.has_value());
  EXPECT_TRUE(IsTimeout(*slept));
}

TEST(Reactor, ACancellationEndsASleepInTheNextTurn) {
  std::unique_ptr<Reactor> reactor = MakeReactor();
  Cancellation cancellation;
  std::optional<Status> slept;
  reactor->Spawn(SleepInto(*reactor, seconds(5), {kNoDeadline, &cancellation}, &slept));
  cancellation.Cancel();
  EXPECT_FALSE(slept.has_value());
  reactor->Turn(Duration::zero());
  ASSERT_TRUE(slept.has_value());
  EXPECT_TRUE(IsCancelled(*slept));
}

TEST(Reactor, AWaitUnderACancelledCancellationDoesNotStart) {
  std::unique_ptr<Reactor> reactor = MakeReactor();
  Cancellation cancellation;
  cancellation.Cancel();
  std::optional<Status> slept;
  reactor->Spawn(SleepInto(*reactor, seconds(5), {kNoDeadline, &cancellation}, &slept));
  ASSERT_TRUE(slept.has_value());
  EXPECT_TRUE(IsCancelled(*slept));
}

TEST(Reactor, RunsWhatOtherThreadsPostInTheirOrder) {
  constexpr int kThreads = 3, kEach = 2000;
  std::unique_ptr<Reactor> reactor = MakeReactor();
  std::vector<int> last(kThreads, -1);
  int seen = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        reactor->Post([&, t, i] {
          EXPECT_EQ(last[t], i - 1);
          last[t] = i;
          ++seen;
        });
      }
    });
  }
  while (seen < kThreads * kEach) reactor->Turn(Duration::max());
  for (std::thread& thread : threads) thread.join();
}

TEST(Reactor, StopsFromAnotherThread) {
  std::unique_ptr<Reactor> reactor = MakeReactor();
  std::thread stopper([&] { reactor->Stop(); });
  reactor->Run();
  stopper.join();
}

Task<void> CountTurns(Reactor& reactor, int* turns, const bool* stop) {
  while (!*stop) {
    ++*turns;
    co_await reactor.Yield();
  }
}

TEST(Reactor, AYieldLetsTimersAndMailRun) {
  std::unique_ptr<Reactor> reactor = MakeReactor();
  int turns = 0;
  bool stop = false;
  reactor->Spawn(CountTurns(*reactor, &turns, &stop));
  reactor->Post([&] { stop = true; });
  while (reactor->tasks() > 0) reactor->Turn(Duration::max());
  EXPECT_LE(turns, 3);
}

// Writes its name down when it is run.
struct Note final : Runnable {
  Note(std::string& log, char name) : log(log), name(name) {}
  void Run() override { log += name; }
  std::string& log;
  const char name;
};

TEST(Reactor, RunsWhatIsQueuedLastAfterEverythingElseOfTheTurn) {
  std::unique_ptr<Reactor> reactor = MakeReactor();
  std::string log;
  Note last(log, 'l');
  Note soon(log, 's');
  reactor->EnqueueLast(last);
  reactor->Enqueue(soon);
  reactor->Post([&] { log += 'm'; });
  reactor->Turn(Duration::max());
  EXPECT_EQ(log, "sml");
}

// Queues itself last again, so often.
struct Again final : Runnable {
  explicit Again(Reactor& reactor) : reactor(reactor) {}
  void Run() override {
    if (++runs < 3) reactor.EnqueueLast(*this);
  }
  Reactor& reactor;
  int runs = 0;
};

TEST(Reactor, RunsWhatQueuesItselfLastOncePerTurnWithoutWaiting) {
  std::unique_ptr<Reactor> reactor = MakeReactor();
  Again again(*reactor);
  reactor->EnqueueLast(again);
  for (int turns = 1; turns <= 3; ++turns) {
    reactor->Turn(Duration::max());
    EXPECT_EQ(again.runs, turns);
  }
}

Task<int> AfterSleep(Reactor& reactor, Duration duration, int value, Cancellation* cancellation) {
  Status slept = co_await reactor.Sleep(duration, {kNoDeadline, cancellation});
  co_return slept.ok() ? value : -value;
}

Task<int> Race(Reactor& reactor) {
  Cancellation losers;
  std::vector<Task<int>> tasks;
  tasks.push_back(AfterSleep(reactor, std::chrono::hours(1), 1, &losers));
  tasks.push_back(AfterSleep(reactor, milliseconds(1), 2, &losers));
  First<int> first = co_await WhenAny(std::move(tasks), losers);
  co_return first.value;
}

TEST(Reactor, TheFirstOfARaceCancelsTheOthers) {
  std::unique_ptr<Reactor> reactor = MakeReactor();
  EXPECT_EQ(reactor->BlockOn(Race(*reactor)), 2);
  EXPECT_EQ(reactor->timers().NextWake(), kNoDeadline);
}

TEST(SignalWatch, ReportsSignalsOnTheLoop) {
  ASSERT_TRUE(BlockSignals({SIGUSR1}).ok());
  std::unique_ptr<Reactor> reactor = MakeReactor();
  int seen = 0;
  StatusOr<std::unique_ptr<SignalWatch>> watch =
      SignalWatch::Create(*reactor, {SIGUSR1}, [&](int signal) { seen = signal; });
  ASSERT_TRUE(watch.ok());
  kill(getpid(), SIGUSR1);
  while (seen == 0) reactor->Turn(Duration::max());
  EXPECT_EQ(seen, SIGUSR1);
}

}  // namespace
}  // namespace penstock::io
