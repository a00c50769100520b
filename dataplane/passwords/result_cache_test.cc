#include "dataplane/passwords/result_cache.h"

#include <gtest/gtest.h>

namespace penstock::passwords {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow{1h};

Digest Of(uint32_t number) {
  Digest digest = {};
  std::memcpy(digest.data(), &number, sizeof(number));
  return digest;
}

TEST(ResultCache, KnowsWhatWasRightForAsLongAsTheAskerSays) {
  ResultCache cache({2, 2});
  EXPECT_FALSE(cache.Find(Of(1), kNow, 60s).has_value());
  cache.Keep(Of(1), {true, kNow});
  ASSERT_TRUE(cache.Find(Of(1), kNow + 59s, 60s).has_value());
  EXPECT_TRUE(cache.Find(Of(1), kNow + 59s, 60s)->right);
  EXPECT_EQ(cache.Find(Of(1), kNow + 59s, 60s)->at, kNow);
  EXPECT_FALSE(cache.Find(Of(1), kNow + 60s, 60s).has_value());
  EXPECT_FALSE(cache.Find(Of(1), kNow, 0s).has_value()) << "every time";
}

TEST(ResultCache, KnowsWhatWasWrongForAMoment) {
  ResultCache cache({2, 2});
  cache.Keep(Of(1), {false, kNow});
  EXPECT_FALSE(cache.Find(Of(1), kNow + 4s, 60s)->right);
  EXPECT_FALSE(cache.Find(Of(1), kNow + 4s, 0s)->right);
  EXPECT_FALSE(cache.Find(Of(1), kNow + ResultCache::kWrongFor, 60s).has_value());
}

TEST(ResultCache, LetsNobodyGuessOthersOut) {
  ResultCache cache({2, 2});
  cache.Keep(Of(1), {true, kNow});
  for (uint32_t guess = 10; guess < 1000; ++guess) cache.Keep(Of(guess), {false, kNow});
  EXPECT_TRUE(cache.Find(Of(1), kNow, 60s)->right);
  EXPECT_EQ(cache.size(), 3u);
}

TEST(ResultCache, ForgetsTheOneThatWasNotAskedForForTheLongestTime) {
  ResultCache cache({2, 2});
  cache.Keep(Of(1), {true, kNow});
  cache.Keep(Of(2), {true, kNow});
  cache.Find(Of(1), kNow, 60s);
  cache.Keep(Of(3), {true, kNow});
  EXPECT_TRUE(cache.Find(Of(1), kNow, 60s).has_value());
  EXPECT_FALSE(cache.Find(Of(2), kNow, 60s).has_value());
  EXPECT_TRUE(cache.Find(Of(3), kNow, 60s).has_value());
}

TEST(ResultCache, KeepsTheNewestOfOne) {
  ResultCache cache({1, 1});
  cache.Keep(Of(1), {true, kNow});
  cache.Keep(Of(1), {true, kNow + 30s});
  EXPECT_EQ(cache.Find(Of(1), kNow + 80s, 60s)->at, kNow + 30s);
  EXPECT_EQ(cache.size(), 1u);
}

}  // namespace
}  // namespace penstock::passwords
