#include "dataplane/base/arena.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace penstock {
namespace {

TEST(Arena, KeepsWhatItCopiedUntilCleared) {
  BlockPool pool;
  Arena arena(&pool);
  std::vector<std::string_view> views;
  for (int i = 0; i < 1000; ++i) views.push_back(arena.Copy("value " + std::to_string(i)));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(views[i], "value " + std::to_string(i));
  EXPECT_GT(pool.bytes_in_use(), 0u);
  arena.Clear();
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST(Arena, AlignsObjects) {
  Arena arena;
  arena.Copy("x");
  std::uint64_t* number = arena.New<std::uint64_t>(7u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(number) % alignof(std::uint64_t), 0u);
  EXPECT_EQ(*number, 7u);
}

TEST(Arena, HoldsObjectsLargerThanABlock) {
  Arena arena;
  std::string_view small = arena.Copy("small");
  std::string_view large = arena.Copy(std::string(300'000, 'l'));
  std::string_view after = arena.Copy("after");
  EXPECT_EQ(small, "small");
  EXPECT_EQ(large, std::string(300'000, 'l'));
  EXPECT_EQ(after, "after");
}

TEST(Arena, ConcatenatesParts) {
  Arena arena;
  EXPECT_EQ(arena.Concat({"a", "", "bc"}), "abc");
  EXPECT_EQ(arena.Concat({}), "");
}

}  // namespace
}  // namespace penstock
