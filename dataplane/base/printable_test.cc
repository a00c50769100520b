#include "dataplane/base/printable.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Printable, LeavesTextAlone) {
  for (std::string_view text : {"", "plain", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "a\\x1b"}) {
    EXPECT_EQ(Printable(text), text);
    EXPECT_EQ(Printable(text, Hidden::kOneColumn), text);
    EXPECT_EQ(ToUtf8(text), text);
    EXPECT_EQ(PrintableJson(text), text);
  }
}

TEST(Printable, HidesEveryControlCharacter) {
  EXPECT_EQ(Printable("a\033[2Jb\n\t\x7F"), "a\\x1b[2Jb\\x0a\\x09\\x7f");
  EXPECT_EQ(Printable("\xC2\x80\xC2\x9B"
                      "2J\xC2\x9F\xC2\xA0"),
            "\\u0080\\u009b2J\\u009f\xC2\xA0");
  EXPECT_EQ(Printable("\033\t\xC2\x9B\xC3\xA9", Hidden::kOneColumn), "? ?\xC3\xA9");
}

TEST(Printable, HidesWhatTurnsTheDirectionOfWriting) {
  EXPECT_EQ(Printable("a\xE2\x80\xAE"
                      "b\xE2\x81\xA6"
                      "c"),
            "a\\u202eb\\u2066c");
}

TEST(Printable, HidesBytesThatAreNotUtf8) {
  EXPECT_EQ(Printable("caf\xE9"), "caf\\xe9");
  EXPECT_EQ(Printable("\x9B"
                      "2J\xFF\xC3"),
            "\\x9b2J\\xff\\xc3");
  EXPECT_EQ(Printable("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(Printable("\xC0\xAF", Hidden::kOneColumn), "??") << "overlong";
}

TEST(Printable, KeepsLinesWhenAsked) { EXPECT_EQ(PrintableLines("a\033\n\nb\xC2\x9B\n"), "a\\x1b\n\nb\\u009b\n"); }

TEST(ToUtf8, ReplacesWhatIsNot) {
  EXPECT_EQ(ToUtf8("a\xE9"
                   "b\xC2"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
}

TEST(PrintableJson, WritesWhatATerminalWouldObeyAsJsonDoes) {
  EXPECT_EQ(PrintableJson("{\n  \"a\": \"\xC2\x9B\x7F\xE2\x80\xAE\xC3\xA9\"\n}"),
            "{\n  \"a\": \"\\u009b\\u007f\\u202e\xC3\xA9\"\n}");
}

}  // namespace
}  // namespace penstock
