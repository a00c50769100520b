#include "dataplane/base/byte_scan.h"

#include <string>

#include "gtest/gtest.h"

namespace penstock::byte_scan {
namespace {

template <typename Class>
class ByteScan : public testing::Test {};
using Classes = testing::Types<LineControl, NotVisible, NotName, Splitting, NotPlainJson>;
TYPED_TEST_SUITE(ByteScan, Classes);

TYPED_TEST(ByteScan, FindsEveryByteOfTheClassAtEveryPlace) {
  for (size_t size = 1; size <= 50; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(c);
        size_t expected = TypeParam::IsIn(static_cast<uint8_t>(c)) ? at : size;
        ASSERT_EQ(Find<TypeParam>(text), expected) << "byte " << c << " at " << at << " of " << size;
      }
    }
  }
}

TYPED_TEST(ByteScan, CopiesWhatComesBeforeAndNothingBehindTheText) {
  for (size_t size = 0; size <= 50; ++size) {
    for (size_t at = 0; at <= size; ++at) {
      std::string text;
      for (size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
      if (at < size) text[at] = '\n';
      std::string out(size + 20, '#');
      size_t copied = CopyUntil<TypeParam>(text, out.data());
      ASSERT_EQ(copied, at);
      EXPECT_EQ(out.substr(0, copied), text.substr(0, at));
      EXPECT_EQ(out.substr(size), std::string(20, '#'));
    }
  }
}

TYPED_TEST(ByteScan, FindsTheFirstOfSeveral) {
  std::string text(40, 'x');
  text[7] = text[21] = text[39] = '\r';
  EXPECT_EQ(Find<TypeParam>(text), 7u);
  EXPECT_EQ(Find<TypeParam>(std::string_view(text).substr(8)), 13u);
  EXPECT_EQ(Find<TypeParam>(std::string_view(text).substr(22)), 17u);
  EXPECT_EQ(Find<TypeParam>(""), 0u);
}

}  // namespace
}  // namespace penstock::byte_scan
