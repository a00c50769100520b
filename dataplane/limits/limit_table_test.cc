#include "dataplane/limits/limit_table.h"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/base/random.h"
#include "gtest/gtest.h"

namespace penstock::limits {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TimePoint kStart{hours(1)};
constexpr LimitRule kOnePerMinute{.algorithm = Algorithm::kFixedWindow, .requests = 1, .per = minutes(1)};
constexpr LimitRule kOnePerMillisecond{.algorithm = Algorithm::kTokenBucket, .requests = 1, .per = milliseconds(1)};

LimitKey KeyOf(const LimitTable& table, const std::string& name, int number = 0) {
  const std::string text = std::to_string(number);
  const std::string_view parts[] = {name, text};
  return table.KeyOf(parts);
}

// Runs WORK(thread) on all threads at once.
template <typename Work>
void OnThreads(int count, Work work) {
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < count; ++thread) {
    threads.emplace_back([&ready, &work, count, thread] {
      for (++ready; ready < count;) std::this_thread::yield();
      work(thread);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(LimitKey, DependsOnWhereItsPartsEnd) {
  LimitTable table;
  const std::vector<std::vector<std::string_view>> all = {
      {}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"", "ab"}, {"ab", ""}, {"b", "a"}, {std::string_view("a\0b", 3)}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < all.size(); ++j) EXPECT_EQ(table.KeyOf(all[i]) == table.KeyOf(all[j]), i == j);
  }
}

TEST(LimitKey, IsAnotherOneInEveryTable) { EXPECT_NE(KeyOf(LimitTable(), "same"), KeyOf(LimitTable(), "same")); }

TEST(LimitTable, AnswersAsTheStateOfEachKeyAloneWould) {
  LimitTable table(32'768);
  constexpr int kKeys = 300;
  std::array<LimitState, kKeys> states{};
  Random random(1);
  auto ask = [&](int key, TimePoint now, std::uint32_t cost) {
    LimitRule rule{.algorithm = static_cast<Algorithm>(key % 4), .per = milliseconds(3)};
    rule.requests = 1 + static_cast<std::uint64_t>(key) % 5;
    ASSERT_EQ(table.Take(rule, KeyOf(table, "k", key), now, cost), Take(rule, states[key], now, cost));
  };
  for (int key = 0; key < kKeys; ++key) ask(key, kStart, 1);
  TimePoint now = kStart;
  for (int i = 0; i < 100'000; ++i) {
    now += microseconds(random.Below(20));
    int key = static_cast<int>(random.Below(kKeys));
    ask(key, now - microseconds(random.Below(3)), static_cast<std::uint32_t>(random.Below(3)));
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(table.evicted(), 0u);
}

TEST(LimitTable, TakesTheEntryOfAKeyThatIsAsGoodAsNewFirst) {
  LimitTable table(8);
  TimePoint now = kStart;
  EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "spent"), now).allowed);
  for (int i = 0; i < 1000; ++i) {
    now += milliseconds(1);
    EXPECT_TRUE(table.Take(kOnePerMillisecond, KeyOf(table, "passing", i), now).allowed);
  }
  EXPECT_FALSE(table.Take(kOnePerMinute, KeyOf(table, "spent"), now).allowed);
  EXPECT_EQ(table.evicted(), 0u);
}

TEST(LimitTable, ElseTakesTheEntryThatWasAskedLongestAgo) {
  LimitTable table(8);
  TimePoint now = kStart;
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "k", i), now += seconds(1)).allowed);
  EXPECT_FALSE(table.Take(kOnePerMinute, KeyOf(table, "k", 0), now += seconds(1)).allowed);
  EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "k", 8), now += seconds(1)).allowed);
  EXPECT_EQ(table.evicted(), 1u);
  for (int i : {0, 2, 3, 4, 5, 6, 7, 8}) EXPECT_FALSE(table.Take(kOnePerMinute, KeyOf(table, "k", i), now).allowed);
  EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "k", 1), now).allowed);
}

TEST(LimitTable, WhoOnlyAsksOrAsksTooMuchTakesNoEntry) {
  LimitTable table(8);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "k", i), kStart).allowed);
  for (int i = 100; i < 200; ++i) {
    EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "k", i), kStart, 0).allowed);
    EXPECT_FALSE(table.Take(kOnePerMinute, KeyOf(table, "k", i), kStart, 2).allowed);
  }
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(table.Take(kOnePerMinute, KeyOf(table, "k", i), kStart).allowed);
  EXPECT_EQ(table.evicted(), 0u);
}

// The entry was given away once its window had ended; a worker whose clock is behind does not find that window again.
TEST(LimitTable, AWorkerThatIsBehindCannotReopenAWindowThatEnded) {
  LimitTable table(8);
  TimePoint edge = kStart + minutes(1);
  TimePoint behind = edge - microseconds(1);
  EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "k"), behind).allowed);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "other", i), edge).allowed);
  EXPECT_EQ(table.evicted(), 0u);
  EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "k"), behind).allowed);
  EXPECT_FALSE(table.Take(kOnePerMinute, KeyOf(table, "k"), edge).allowed);
}

TEST(LimitTable, HoldsManyMoreKeysThanItHasRoomForInTheSameMemory) {
  LimitTable table(1024);
  std::uint64_t admitted = 0;
  for (int i = 0; i < 300'000; ++i) admitted += table.Take(kOnePerMinute, KeyOf(table, "k", i), kStart).allowed;
  EXPECT_EQ(admitted, 300'000u);
  EXPECT_EQ(table.evicted(), 300'000u - 1024u);
  EXPECT_EQ(table.entries(), 1024u);
}

TEST(LimitTable, ManyNewKeysDoNotWinASpentKeyItsQuotaBackWhileItAsks) {
  LimitTable table(1024);
  TimePoint now = kStart;
  EXPECT_TRUE(table.Take(kOnePerMinute, KeyOf(table, "spent"), now).allowed);
  for (int i = 0; i < 200'000; ++i) {
    now += microseconds(1);
    table.Take(kOnePerMinute, KeyOf(table, "new", i), now);
    if (i % 16 == 0) ASSERT_FALSE(table.Take(kOnePerMinute, KeyOf(table, "spent"), now).allowed) << i;
  }
}

TEST(LimitTableOnThreads, ASmallLimitIsExactForKeysThatAllWorkersAddAtOnce) {
  constexpr int kKeys = 2000;
  constexpr int kThreads = 4;
  LimitTable table(kKeys * 64);
  std::vector<std::atomic<int>> admitted(kKeys);
  OnThreads(kThreads, [&](int thread) {
    for (int i = 0; i < 3 * kKeys; ++i) {
      int key = i % kKeys;
      if (table.Take(kOnePerMinute, KeyOf(table, "k", key), kStart).allowed) ++admitted[key];
    }
  });
  for (int key = 0; key < kKeys; ++key) ASSERT_EQ(admitted[key], 1) << key;
  EXPECT_EQ(table.evicted(), 0u);
}

TEST(LimitTableOnThreads, AHotKeyIsAllowedExactlyWhatTheDefinitionSays) {
  for (Algorithm algorithm : {Algorithm::kFixedWindow, Algorithm::kSlidingWindow, Algorithm::kTokenBucket}) {
    LimitRule rule{.algorithm = algorithm, .requests = 10'000, .per = minutes(1)};
    LimitTable table(8);
    LimitKey key = KeyOf(table, "hot");
    std::atomic<std::uint64_t> admitted{0};
    OnThreads(4, [&](int thread) {
      for (int i = 0; i < 5'000; ++i) admitted += table.Take(rule, key, kStart).allowed;
    });
    EXPECT_EQ(admitted, 10'000u);
  }
}

// One clock for all, which each reads late: as much as flows in until the last reading, and not one more.
TEST(LimitTableOnThreads, AHotKeyIsAllowedNoMoreWhileTimeGoesOn) {
  LimitRule rule{.algorithm = Algorithm::kTokenBucket, .requests = 100, .per = milliseconds(1), .burst = 50};
  LimitTable table(8);
  LimitKey key = KeyOf(table, "hot");
  std::atomic<std::int64_t> clock{0};
  std::atomic<std::int64_t> admitted{0};
  OnThreads(4, [&](int thread) {
    for (int i = 0; i < 20'000; ++i) {
      TimePoint now = kStart + microseconds(clock.load());
      admitted += table.Take(rule, key, now).allowed ? 1 : 0;
      if (i % 16 == 0) ++clock;
    }
  });
  EXPECT_LE(admitted, 50 + clock / 10);
  EXPECT_GE(admitted, 50 + clock / 10 - 1);
}

// Entries change hands all the time under the eyes of who asks: no key is ever charged for another.
TEST(LimitTableOnThreads, KeysThatDriveEachOtherOutNeverPayForEachOther) {
  LimitTable table(8);
  constexpr LimitRule kLarge{.algorithm = Algorithm::kFixedWindow, .requests = kMostRequests, .per = minutes(1)};
  OnThreads(4, [&](int thread) {
    Random random(static_cast<std::uint64_t>(thread) + 1);
    for (int i = 0; i < 50'000; ++i) {
      // Key n always asks for n + 1 at once; so what is used of it is a multiple of that.
      int number = static_cast<int>(random.Below(12));
      auto cost = static_cast<std::uint32_t>(1'000 + number);
      Taken taken = table.Take(kLarge, KeyOf(table, "k", number), kStart, cost);
      ASSERT_TRUE(taken.allowed);
      ASSERT_EQ((kMostRequests - taken.remaining) % cost, 0u);
    }
  });
  EXPECT_GT(table.evicted(), 0u);
}

}  // namespace
}  // namespace penstock::limits
