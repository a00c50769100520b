#include "dataplane/limits/concurrency_table.h"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dataplane/base/random.h"
#include "gtest/gtest.h"

namespace penstock::limits {
namespace {

using Entered = ConcurrencyTable::Entered;
using Place = ConcurrencyTable::Place;

LimitKey KeyOf(const ConcurrencyTable& table, int number) {
  const std::string text = std::to_string(number);
  const std::string_view parts[] = {"k", text};
  return table.KeyOf(parts);
}

std::vector<LimitKey> KeysOf(const ConcurrencyTable& table, int count) {
  std::vector<LimitKey> keys;
  for (int i = 0; i < count; ++i) keys.push_back(KeyOf(table, i));
  return keys;
}

// Those of one key that are in, by a count that the table knows nothing of.
struct Inside {
  std::vector<std::pair<int, Place>> all;  // key, place
  std::vector<std::uint32_t> of_key;

  explicit Inside(int keys) : of_key(static_cast<std::size_t>(keys)) {}
  void Add(int key, Place place) {
    all.emplace_back(key, place);
    ++of_key[static_cast<std::size_t>(key)];
  }
  Place TakeAny(Random& random) {
    std::swap(all[random.Below(all.size())], all.back());
    auto [key, place] = all.back();
    all.pop_back();
    --of_key[static_cast<std::size_t>(key)];
    return place;
  }
};

TEST(ConcurrencyTable, LetsInAsManyAsItSaysAndOneForEachThatLeaves) {
  ConcurrencyTable table;
  LimitKey key = KeyOf(table, 1);
  std::vector<Place> places;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    Entered entered = table.Enter(key, 3);
    ASSERT_TRUE(entered.allowed);
    EXPECT_EQ(entered.running, i);
    places.push_back(entered.place);
  }
  EXPECT_FALSE(table.Enter(key, 3).allowed);
  EXPECT_TRUE(table.Enter(KeyOf(table, 2), 3).allowed);
  table.Leave(places[1]);
  EXPECT_TRUE(table.Enter(key, 3).allowed);
  EXPECT_FALSE(table.Enter(key, 3).allowed);
}

TEST(ConcurrencyTable, SaysHowManyOfAKeyAreInWithoutLettingAnybodyIn) {
  ConcurrencyTable table(ConcurrencyTable::kGroup);
  const LimitKey key = KeyOf(table, 1);
  EXPECT_EQ(table.Running(key), 0u);
  Entered entered = table.Enter(key, 5);
  table.Enter(key, 5);
  EXPECT_EQ(table.Running(key), 2u);
  EXPECT_EQ(table.Running(KeyOf(table, 2)), 0u);
  table.Leave(entered.place);
  EXPECT_EQ(table.Running(key), 1u);
  EXPECT_EQ(table.running(), 1u);
}

TEST(ConcurrencyTable, CountsThoseWhoAreInUnderAnotherBoundToo) {
  ConcurrencyTable table;
  LimitKey key = KeyOf(table, 1);
  std::array<Place, 3> places;
  for (Place& place : places) place = table.Enter(key, 10).place;
  EXPECT_FALSE(table.Enter(key, 3).allowed);
  table.Leave(places[0]);
  EXPECT_TRUE(table.Enter(key, 3).allowed);
}

TEST(ConcurrencyTable, AgreesWithAPlainCountForEachKey) {
  constexpr int kKeys = 300;
  ConcurrencyTable table(32'768);
  std::vector<LimitKey> keys = KeysOf(table, kKeys);
  Inside inside(kKeys);
  Random random(1);
  for (int i = 0; i < 300'000; ++i) {
    if (!inside.all.empty() && random.Below(2) == 0) {
      table.Leave(inside.TakeAny(random));
      continue;
    }
    int key = static_cast<int>(random.Below(kKeys));
    auto most = static_cast<std::uint32_t>(1 + key % 5);
    std::uint32_t before = inside.of_key[static_cast<std::size_t>(key)];
    Entered entered = table.Enter(keys[static_cast<std::size_t>(key)], most);
    ASSERT_EQ(entered.allowed, before < most);
    ASSERT_FALSE(entered.together);
    if (entered.allowed) inside.Add(key, entered.place);
  }
  EXPECT_EQ(table.running(), inside.all.size());
}

// Eight entries for forty keys: who is refused without need shares a count, and nobody is let in without right.
TEST(ConcurrencyTable, LetsNobodyInAboveTheBoundWhenItIsFull) {
  constexpr int kKeys = 40;
  constexpr std::uint32_t kMost = 3;
  ConcurrencyTable table(8);
  std::vector<LimitKey> keys = KeysOf(table, kKeys);
  Inside inside(kKeys);
  Random random(2);
  int together = 0;
  for (int i = 0; i < 300'000; ++i) {
    // In waves, so that it is full, and empty again.
    bool leave = random.Below(8) < (i / 1000 % 2 == 0 ? 2u : 6u);
    if (!inside.all.empty() && leave) {
      table.Leave(inside.TakeAny(random));
      continue;
    }
    auto key = static_cast<std::size_t>(random.Below(kKeys));
    Entered entered = table.Enter(keys[key], kMost);
    together += entered.together ? 1 : 0;
    if (!entered.allowed) {
      ASSERT_TRUE(entered.together || inside.of_key[key] == kMost);
    } else {
      ASSERT_LT(inside.of_key[key], kMost);
      inside.Add(static_cast<int>(key), entered.place);
    }
  }
  EXPECT_GT(together, 1000);
  while (!inside.all.empty()) table.Leave(inside.TakeAny(random));
  EXPECT_EQ(table.running(), 0u);
}

TEST(ConcurrencyTable, GivesAKeyItsOwnCountAgainWhenThoseWhoShareOneHaveLeft) {
  ConcurrencyTable table(8);
  std::vector<Place> own;
  for (int i = 0; i < 8; ++i) own.push_back(table.Enter(KeyOf(table, i), 1).place);
  Entered shared = table.Enter(KeyOf(table, 8), 1);
  EXPECT_TRUE(shared.allowed && shared.together);
  EXPECT_FALSE(table.Enter(KeyOf(table, 9), 1).allowed);
  for (Place place : own) table.Leave(place);
  EXPECT_FALSE(table.Enter(KeyOf(table, 8), 1).allowed) << "its request is still in";
  table.Leave(shared.place);
  Entered alone = table.Enter(KeyOf(table, 8), 1);
  EXPECT_TRUE(alone.allowed && !alone.together);
}

TEST(ConcurrencyTable, ServesManyMoreKeysThanItHasRoomForOneAfterTheOther) {
  ConcurrencyTable table(64);
  for (int i = 0; i < 100'000; ++i) {
    Entered entered = table.Enter(KeyOf(table, i), 1);
    ASSERT_TRUE(entered.allowed && !entered.together);
    table.Leave(entered.place);
  }
  EXPECT_EQ(table.running(), 0u);
}

// Workers come and go at random, each with a handful of its own inside.
void ComeAndGo(ConcurrencyTable& table, const std::vector<LimitKey>& keys, std::uint32_t most,
               std::vector<std::atomic<std::uint32_t>>& inside, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::pair<std::size_t, Place>> mine;
  auto leave = [&](std::size_t i) {
    std::swap(mine[i], mine.back());
    inside[mine.back().first].fetch_sub(1);
    table.Leave(mine.back().second);
    mine.pop_back();
  };
  for (int i = 0; i < 50'000; ++i) {
    if (!mine.empty() && random.Below(2) == 0) {
      leave(random.Below(mine.size()));
      continue;
    }
    std::size_t key = random.Below(keys.size());
    Entered entered = table.Enter(keys[key], most);
    if (!entered.allowed) continue;
    ASSERT_LE(inside[key].fetch_add(1) + 1, most);
    mine.emplace_back(key, entered.place);
  }
  while (!mine.empty()) leave(mine.size() - 1);
}

void RunWorkers(std::size_t entries, int key_count, std::uint32_t most) {
  constexpr int kWorkers = 4;
  ConcurrencyTable table(entries);
  std::vector<LimitKey> keys = KeysOf(table, key_count);
  std::vector<std::atomic<std::uint32_t>> inside(keys.size());
  std::vector<std::thread> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&, i] { ComeAndGo(table, keys, most, inside, static_cast<std::uint64_t>(i) + 1); });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(table.running(), 0u) << "nobody is left inside";
  // And every key has all of its bound again.
  for (const LimitKey& key : keys) {
    std::vector<Place> places;
    for (std::uint32_t i = 0; i < most; ++i) {
      Entered entered = table.Enter(key, most);
      ASSERT_TRUE(entered.allowed);
      places.push_back(entered.place);
    }
    EXPECT_FALSE(table.Enter(key, most).allowed);
    for (Place place : places) table.Leave(place);
  }
}

TEST(ConcurrencyTableOnThreads, IsNeverAboveTheBoundAndLosesNobodyForOneHotKey) { RunWorkers(8, 1, 3); }
TEST(ConcurrencyTableOnThreads, IsNeverAboveTheBoundAndLosesNobodyForManyKeys) { RunWorkers(4096, 200, 2); }
TEST(ConcurrencyTableOnThreads, IsNeverAboveTheBoundAndLosesNobodyWhenItIsFull) { RunWorkers(8, 30, 2); }

}  // namespace
}  // namespace penstock::limits
