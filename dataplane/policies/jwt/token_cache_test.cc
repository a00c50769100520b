#include "dataplane/policies/jwt/token_cache.h"

#include <gtest/gtest.h>

#include "dataplane/base/strings.h"

namespace penstock::policies {
namespace {

TokenRef Token(std::string text) {
  TokenRef token(*new VerifiedToken);
  token.get()->text = std::move(text);
  return token;
}

TEST(TokenCache, FindsWhatWasPutIn) {
  TokenCache cache;
  EXPECT_FALSE(cache.Find("a"));
  cache.Insert(Token("a"));
  EXPECT_EQ(cache.Find("a")->text, "a");
  cache.Erase("a");
  EXPECT_FALSE(cache.Find("a"));
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(TokenCache, HoldsOneTokenOfAText) {
  TokenCache cache;
  cache.Insert(Token("a"));
  cache.Insert(Token("a"));
  EXPECT_EQ(cache.size(), 1u);
}

TEST(TokenCache, StaysWithinItsBoundsAndDropsWhatWasNotUsedForLongest) {
  TokenCache cache;
  std::string filler(16'000, 'x');
  cache.Insert(Token("used"));
  for (int i = 0; i < 2000; ++i) {
    cache.Insert(Token(StrCat(i, filler)));
    ASSERT_TRUE(cache.Find("used"));
    ASSERT_LE(cache.bytes(), TokenCache::kMaxBytes);
  }
  EXPECT_FALSE(cache.Find(StrCat(0, filler)));
  EXPECT_TRUE(cache.Find(StrCat(1999, filler)));
}

TEST(TokenCache, LeavesTokensToThoseWhoHoldThem) {
  auto cache = std::make_unique<TokenCache>();
  cache->Insert(Token("a"));
  TokenRef held = cache->Find("a");
  cache.reset();
  EXPECT_EQ(held->text, "a");
}

}  // namespace
}  // namespace penstock::policies
