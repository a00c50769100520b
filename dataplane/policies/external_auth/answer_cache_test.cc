#include "dataplane/policies/external_auth/answer_cache.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace penstock::policies {
namespace {

constexpr TimePoint kNow{std::chrono::hours(1)};
constexpr TimePoint kLater{std::chrono::hours(2)};
constexpr WallTime kWall{std::chrono::hours(100)};

QuestionKey Key(uint32_t number) {
  QuestionKey key{};
  std::memcpy(key.data(), &number, sizeof(number));
  return key;
}

AnswerRef Kept(uint32_t number, const std::string& content, TimePoint keep_until = kLater,
               WallTime until = WallTime::max()) {
  return AnswerRef(*new KeptAnswer(Key(number), {.status = 403, .content = content}, keep_until, until));
}

TEST(AnswerCache, GivesTheAnswerToAnEqualQuestion) {
  AnswerCache cache;
  EXPECT_FALSE(cache.Find(Key(1), kNow, kWall));
  cache.Keep(Kept(1, "no"));
  EXPECT_EQ(cache.Find(Key(1), kNow, kWall)->answer().content, "no");
  EXPECT_FALSE(cache.Find(Key(2), kNow, kWall));
}

TEST(AnswerCache, OwnsAllThatAnAnswerSays) {
  AnswerRef kept;
  {
    std::string name = "x-user-of-more-than-a-few-characters", value = "ada", content = "text", type = "text/x",
                said = "401";
    FieldEdit edit{.name = name, .value = value};
    Answer answer{.status = 401, .content = content, .content_type = type, .said = said};
    answer.to_backend = answer.to_client = std::span(&edit, 1);
    kept = AnswerRef(*new KeptAnswer(Key(1), answer, kLater, kWall));
    name = value = content = type = said = std::string(64, 'x');
  }
  const Answer& answer = kept->answer();
  EXPECT_EQ(answer.content, "text");
  EXPECT_EQ(answer.content_type, "text/x");
  EXPECT_EQ(answer.said, "401");
  ASSERT_EQ(answer.to_backend.size(), 1u);
  EXPECT_EQ(answer.to_backend[0].name, "x-user-of-more-than-a-few-characters");
  EXPECT_EQ(answer.to_client[0].value, "ada");
}

TEST(AnswerCache, ForgetsAnAnswerWhenItsTimeIsOver) {
  AnswerCache cache;
  cache.Keep(Kept(1, "no"));
  EXPECT_FALSE(cache.Find(Key(1), kLater, kWall));
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(AnswerCache, ForgetsAnAnswerWhenTheTokenHasExpired) {
  AnswerCache cache;
  cache.Keep(Kept(1, "no", kLater, kWall));
  EXPECT_TRUE(cache.Find(Key(1), kNow, kWall - Duration(1)));
  EXPECT_FALSE(cache.Find(Key(1), kNow, kWall));
}

TEST(AnswerCache, IsEmptyAfterARevocation) {
  AnswerCache cache;
  cache.Follow(1);
  cache.Keep(Kept(1, "no"));
  cache.Follow(1);
  EXPECT_EQ(cache.size(), 1u);
  cache.Follow(2);
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(AnswerCache, HoldsOneAnswerToAQuestion) {
  AnswerCache cache;
  cache.Keep(Kept(1, "old"));
  cache.Keep(Kept(1, "new"));
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.Find(Key(1), kNow, kWall)->answer().content, "new");
}

TEST(AnswerCache, StaysWithinItsBoundsAndDropsWhatWasNotUsedForLongest) {
  AnswerCache cache;
  std::string filler(8'000, 'x');
  cache.Keep(Kept(0, "used"));
  for (uint32_t i = 1; i <= 2000; ++i) {
    cache.Keep(Kept(i, filler));
    ASSERT_TRUE(cache.Find(Key(0), kNow, kWall));
    ASSERT_LE(cache.bytes(), AnswerCache::kMaxBytes);
  }
  EXPECT_FALSE(cache.Find(Key(1), kNow, kWall));
  EXPECT_TRUE(cache.Find(Key(2000), kNow, kWall));
  for (uint32_t i = 0; i <= AnswerCache::kMaxAnswers; ++i) cache.Keep(Kept(10'000 + i, ""));
  EXPECT_EQ(cache.size(), AnswerCache::kMaxAnswers);
}

TEST(AnswerCache, LeavesAnswersToThoseWhoHoldThem) {
  auto cache = std::make_unique<AnswerCache>();
  cache->Keep(Kept(1, "no"));
  AnswerRef held = cache->Find(Key(1), kNow, kWall);
  cache.reset();
  EXPECT_EQ(held->answer().content, "no");
}

}  // namespace
}  // namespace penstock::policies
