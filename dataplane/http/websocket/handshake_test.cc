#include "dataplane/http/websocket/handshake.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace penstock::http::websocket {
namespace {

template <size_t N>
std::string Text(const std::array<char, N>& text) {
  return {text.data(), N};
}

TEST(WebSocketHandshake, AnswersTheKeyOfTheExampleAsTheRfcDoes) {
  EXPECT_EQ(Text(AcceptOf("dGhlIHNhbXBsZSBub25jZQ==")), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketHandshake, AnswersWhateverAClientCallsItsKey) {
  EXPECT_EQ(AcceptOf("").size(), kAcceptSize);
  EXPECT_NE(AcceptOf(""), AcceptOf(std::string(10'000, 'x')));
}

TEST(WebSocketHandshake, MakesAKeyOfSixteenBytesThatEachCount) {
  EXPECT_EQ(Text(KeyOf({0, 0})), "AAAAAAAAAAAAAAAAAAAAAA==");
  std::set<std::string> keys;
  for (int bit = 0; bit < 64; ++bit) {
    keys.insert(Text(KeyOf({uint64_t{1} << bit, 0})));
    keys.insert(Text(KeyOf({0, uint64_t{1} << bit})));
  }
  EXPECT_EQ(keys.size(), 128u);
}

}  // namespace
}  // namespace penstock::http::websocket
