#include "dataplane/http/h2/chunk_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::http::h2 {
namespace {

TEST(ChunkQueue, GivesBackTheBytesInOrderInPiecesOfAnySize) {
  for (size_t piece : {size_t{1}, size_t{7}, size_t{1000}, size_t{100'000}}) {
    BlockPool pool;
    ChunkQueue queue;
    std::string all;
    for (size_t i = 0; i < 40; ++i) {
      std::string bytes(i * i * 31, static_cast<char>('a' + i % 26));
      queue.Push(pool, Chunk::Copy(pool, bytes));
      all += bytes;
    }
    ASSERT_EQ(queue.bytes(), all.size());
    std::string out;
    while (!queue.empty()) {
      Chunk next = queue.Pop(piece);
      ASSERT_LE(next.size(), piece);
      out += next.view();
    }
    EXPECT_EQ(out, all) << piece;
  }
}

TEST(ChunkQueue, DoesNotHoldABlockPerByteOfATrickle) {
  BlockPool pool;
  ChunkQueue queue;
  for (int i = 0; i < 10'000; ++i) {
    Block* block = pool.Take(BlockPool::kLarge);
    block->data()[0] = 'x';
    queue.Push(pool, Chunk::Adopt(block, 1));
  }
  EXPECT_EQ(queue.bytes(), 10'000u);
  EXPECT_LE(pool.bytes_in_use(), 2 * BlockPool::kSizes[2]);
}

TEST(ChunkQueue, HoldsNothingOnceItIsEmptyAndNoPlacesOfWhatWasTakenForever) {
  BlockPool pool;
  ChunkQueue queue;
  std::string large(40'000, 'x');
  queue.Push(pool, Chunk::Copy(pool, large));
  for (int i = 0; i < 10'000; ++i) {
    queue.Push(pool, Chunk::Copy(pool, large));
    ASSERT_EQ(queue.Pop(100'000).size(), large.size());
  }
  EXPECT_EQ(pool.bytes_in_use(), BlockPool::kSizes[2]);
  queue.Pop(100'000);
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

}  // namespace
}  // namespace penstock::http::h2
