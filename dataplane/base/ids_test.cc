#include "dataplane/base/ids.h"

#include "gtest/gtest.h"

namespace penstock {
namespace {

TEST(RequestId, IsARandomUuid) {
  Random random(1);
  RequestId::Text text = RequestId::Make(random).ToText();
  std::string_view id = View(text);
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(id[8], '-');
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos);
}

TEST(RequestId, DiffersEveryTime) {
  Random random(1);
  EXPECT_NE(RequestId::Make(random), RequestId::Make(random));
}

TEST(RequestId, PrintsItsBitsInOrder) {
  RequestId::Text text = RequestId{0x0123456789abcdef, 0xfedcba9876543210}.ToText();
  EXPECT_EQ(View(text), "01234567-89ab-cdef-fedc-ba9876543210");
}

TEST(Random, SameSeedSameNumbers) {
  Random a(42), b(42);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.Next(), b.Next());
}

TEST(Random, StaysBelowItsBound) {
  Random random(3);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(random.Below(7), 7u);
}

}  // namespace
}  // namespace penstock
