#include "dataplane/policies/credentials/token_place.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::policies {
namespace {

using Kind = TokenPlace::Kind;
using Count = FoundToken::Count;

class TokenPlaceTest : public ::testing::Test {
 protected:
  FoundToken Find() { return FindToken(request, places); }

  std::vector<TokenPlace> places = {
      {Kind::kHeader, "authorization", "Bearer "}, {Kind::kQuery, "token", ""}, {Kind::kCookie, "session", ""}};
  http::RequestHead request;
  Arena arena;
};

TEST_F(TokenPlaceTest, FindsTheTokenOfAHeader) {
  EXPECT_EQ(Find().count, Count::kNone);
  request.headers.Add("authorization", "bearer  abc");
  EXPECT_EQ(Find().count, Count::kOne);
  EXPECT_EQ(Find().text, "abc");
}

TEST_F(TokenPlaceTest, TakesNoOtherSchemeForAToken) {
  request.headers.Add("authorization", "Basic abc");
  EXPECT_EQ(Find().count, Count::kNone);
}

TEST_F(TokenPlaceTest, TakesNoPasswordForATokenWithoutAPrefix) {
  places[0].prefix.clear();
  request.headers.Add("authorization", "basic YTpi");
  EXPECT_EQ(Find().count, Count::kNone);
  request.headers.Set("authorization", "basic");
  EXPECT_EQ(Find().text, "basic");
}

TEST_F(TokenPlaceTest, FindsTheTokenOfAQuery) {
  request.query = "a=1&token=abc&mytoken=x&tokens=y";
  EXPECT_EQ(Find().text, "abc");
  EXPECT_EQ(Find().place, 1u);
}

TEST_F(TokenPlaceTest, FindsTheTokenOfACookie) {
  request.headers.Add("cookie", "a=1; session=abc");
  request.headers.Add("cookie", "xsession=2");
  EXPECT_EQ(Find().text, "abc");
  EXPECT_EQ(Find().place, 2u);
}

TEST_F(TokenPlaceTest, TakesTwoTokensForNone) {
  request.query = "token=a&token=a";
  EXPECT_EQ(Find().count, Count::kSeveral);
  request.query = "token=a";
  request.headers.Add("cookie", "session=b");
  EXPECT_EQ(Find().count, Count::kSeveral);
}

TEST_F(TokenPlaceTest, TakesTwoFieldsForTwoTokensWhateverTheyHold) {
  request.headers.Add("authorization", "Basic x");
  request.headers.Add("authorization", "Bearer abc");
  EXPECT_EQ(Find().count, Count::kSeveral);
}

TEST_F(TokenPlaceTest, RemovesWhatBackendsShallNotGet) {
  request.headers.Add("authorization", "Bearer abc");
  request.headers.Add("cookie", "a=1; session=abc;b=2");
  request.headers.Add("cookie", "session=abc");
  request.query = "token=abc&x=1";
  request.has_query = true;
  for (const TokenPlace& place : places) RemoveToken(place, request, arena);
  EXPECT_FALSE(request.headers.Has("authorization"));
  EXPECT_EQ(request.headers.Get("cookie"), "a=1; b=2");
  EXPECT_EQ(request.headers.Count("cookie"), 1u);
  EXPECT_EQ(request.query, "x=1");
}

TEST_F(TokenPlaceTest, LeavesNoQuestionMarkBehind) {
  request.query = "token=abc";
  request.has_query = true;
  RemoveToken(places[1], request, arena);
  EXPECT_FALSE(request.has_query);
}

TEST_F(TokenPlaceTest, NamesTheParametersOfQueries) {
  EXPECT_EQ(QueryParametersOf(places), std::vector<std::string>{"token"});
}

TEST_F(TokenPlaceTest, KnowsANameOfAQueryHoweverItIsWritten) {
  request.query = "a=1&t%6Fken=x";
  EXPECT_EQ(Find().text, "x");
  request.query = "%74oken=x&token=y";
  EXPECT_EQ(Find().count, Count::kSeveral);
  request.query = "t%6=x&token%3D=y&toke%6";
  EXPECT_EQ(Find().count, Count::kNone);
  request.query = "t%6Fken=x&b=2";
  RemoveToken(places[1], request, arena);
  EXPECT_EQ(request.query, "b=2");
}

}  // namespace
}  // namespace penstock::policies
