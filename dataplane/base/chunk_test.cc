#include "dataplane/base/chunk.h"

#include <string>

#include "gtest/gtest.h"

namespace penstock {
namespace {

TEST(Chunk, ReturnsItsBlockWhenTheLastSliceIsGone) {
  BlockPool pool;
  Chunk whole = Chunk::Copy(pool, "hello world");
  EXPECT_EQ(pool.bytes_in_use(), 4096u);
  Chunk front = whole.SplitFront(5);
  whole.RemovePrefix(1);
  EXPECT_EQ(front.view(), "hello");
  EXPECT_EQ(whole.view(), "world");
  whole.Reset();
  EXPECT_EQ(pool.bytes_in_use(), 4096u);
  front.RemovePrefix(5);
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST(Chunk, MovesAndSharesWithoutCopying) {
  BlockPool pool;
  Chunk a = Chunk::Copy(pool, "abc");
  const char* bytes = a.data();
  Chunk shared = a.Share();
  Chunk b = std::move(a);
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(b.data(), bytes);
  EXPECT_EQ(shared.data(), bytes);
}

TEST(Chunk, AppendsInPlaceWhenItEndsTheBlock) {
  BlockPool pool;
  Chunk chunk = Chunk::Copy(pool, "GET /");
  const char* bytes = chunk.data();
  chunk.Append(pool, " HTTP/1.1");
  EXPECT_EQ(chunk.view(), "GET / HTTP/1.1");
  EXPECT_EQ(chunk.data(), bytes);
}

TEST(Chunk, AppendNeverWritesOverWhatAnotherSliceShows) {
  BlockPool pool;
  Chunk chunk = Chunk::Copy(pool, "abcdef");
  Chunk front = chunk.SplitFront(3);
  front.Append(pool, "XYZ");
  EXPECT_EQ(front.view(), "abcXYZ");
  EXPECT_EQ(chunk.view(), "def");
}

TEST(Chunk, AppendMovesToALargerBlockWhenItMust) {
  BlockPool pool;
  Chunk chunk = Chunk::Copy(pool, std::string(4000, 'a'));
  chunk.Append(pool, std::string(200'000, 'b'));
  EXPECT_EQ(chunk.view(), std::string(4000, 'a') + std::string(200'000, 'b'));
}

TEST(Chunk, OfNoBytesHoldsNoBlock) {
  BlockPool pool;
  Chunk none = Chunk::Adopt(pool.Take(100), 0);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST(Chunk, StaticBytesNeedNoBlock) {
  Chunk chunk = Chunk::Static("literal");
  Chunk front = chunk.SplitFront(3);
  EXPECT_EQ(front.view(), "lit");
  EXPECT_EQ(chunk.view(), "eral");
}

TEST(BlockPool, PicksTheSmallestSizeThatFits) {
  BlockPool pool;
  Block* small = pool.Take(1);
  Block* medium = pool.Take(BlockPool::kSmall + 1);
  Block* large = pool.Take(1 << 20);
  EXPECT_EQ(small->capacity, BlockPool::kSmall);
  EXPECT_EQ(medium->capacity, BlockPool::kMedium);
  EXPECT_EQ(large->capacity, BlockPool::kLarge);
  BlockPool::Release(small);
  BlockPool::Release(medium);
  BlockPool::Release(large);
}

}  // namespace
}  // namespace penstock
