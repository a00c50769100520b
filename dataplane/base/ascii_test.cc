#include "dataplane/base/ascii.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace penstock {
namespace {

TEST(Ascii, BlanksAroundATextAreTakenOffAndThoseInItStay) {
  EXPECT_EQ(WithoutBlanks(" \t a b\t"), "a b");
  EXPECT_EQ(WithoutBlanks("a\r"), "a\r");
  EXPECT_EQ(WithoutBlanks(" \t"), "");
  EXPECT_EQ(WithoutBlanks(""), "");
}

TEST(Ascii, ADigitIsHexadecimalInEitherCaseAndNothingElseIs) {
  constexpr std::string_view kLower = "0123456789abcdef";
  constexpr std::string_view kUpper = "0123456789ABCDEF";
  for (int i = 0; i < 256; ++i) {
    char c = static_cast<char>(i);
    size_t place = std::min(kLower.find(c), kUpper.find(c));
    EXPECT_EQ(HexValue(c), place == std::string_view::npos ? -1 : static_cast<int>(place)) << i;
  }
}

TEST(Ascii, AnEscapeIsAPercentSignWithTwoDigitsBehindIt) {
  EXPECT_EQ(EscapedByte("%3a"), ':');
  EXPECT_EQ(EscapedByte("%C3%A9"), 0xC3);
  EXPECT_EQ(EscapedByte("%00"), 0);
  for (std::string_view none : {"", "%", "%3", "%3g", "%g3", "3a%", "a3a", "%%3a"}) EXPECT_EQ(EscapedByte(none), -1);
}

}  // namespace
}  // namespace penstock
