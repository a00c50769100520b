#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "dataplane/base/check.h"

namespace penstock {

class BlockPool;

// A counted piece of memory; the bytes follow the header. Worker-local: the count is not atomic.
struct Block {
  Block* next = nullptr;      // on a free list
  BlockPool* pool = nullptr;  // where it goes back; null: the heap
  std::uint32_t capacity = 0;
  std::uint32_t refs = 0;
  std::uint32_t used = 0;  // bytes from the start that some Chunk has handed out; Chunk::Append grows into the rest
  std::uint32_t size_class = 0;

  char* data() { return reinterpret_cast<char*>(this + 1); }
};

// A worker's blocks in three sizes. Not thread-safe: blocks and chunks stay on their thread. Must outlive its blocks.
class BlockPool {
 public:
  // Whole blocks with their headers, so that they fill pages exactly.
  static constexpr std::size_t kSizes[] = {std::size_t{4} << 10, std::size_t{16} << 10, std::size_t{64} << 10};
  static constexpr std::size_t kSmall = kSizes[0] - sizeof(Block);   // arenas
  static constexpr std::size_t kMedium = kSizes[1] - sizeof(Block);  // heads, small bodies
  static constexpr std::size_t kLarge = kSizes[2] - sizeof(Block);   // body transfer
  // Free blocks kept per size; more go back to the heap.
  static constexpr std::size_t kKept[] = {1024, 512, 128};

  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  // A block with room for `wanted` bytes, or of kLarge if `wanted` is larger. Its count is 1.
  Block* Take(std::size_t wanted);

  // A block for exactly `size` bytes whatever the size, from the heap if no size fits.
  Block* TakeAtLeast(std::size_t size);

  // Bytes in blocks that are out; free ones are not counted.
  std::size_t bytes_in_use() const { return bytes_in_use_; }

  // A block that no pool owns.
  static Block* FromHeap(std::size_t size);
  static void Release(Block* block);

 private:
  void Return(Block* block);

  struct FreeList {
    Block* head = nullptr;
    std::size_t count = 0;
  };
  FreeList free_[3];
  std::size_t bytes_in_use_ = 0;
};

// A move-only slice of a block, or of bytes that live forever. Empty chunks hold no block. Sharing is explicit: Share()
// and SplitFront() add a reference, nothing is copied. The bytes never change while a chunk shows them.
class Chunk {
 public:
  Chunk() = default;
  Chunk(Chunk&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Chunk& operator=(Chunk&& other) noexcept {
    if (this == &other) return *this;
    Reset();
    block_ = std::exchange(other.block_, nullptr);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  ~Chunk() { Reset(); }

  // Takes over the caller's reference to the block; shows its first `size` bytes.
  static Chunk Adopt(Block* block, std::size_t size);
  // Bytes that outlive everything (literals).
  static Chunk Static(std::string_view bytes);
  // A copy in a pooled block.
  static Chunk Copy(BlockPool& pool, std::string_view bytes);
  // A copy on the heap, for tests and for what is made before the workers run.
  static Chunk Copy(std::string_view bytes);

  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }
  // To change bytes in place (a parser that makes names lower case). REQUIRES: not static, and no other chunk shows
  // these bytes.
  char* mutable_data() { return const_cast<char*>(data_); }

  // Another slice of the same bytes.
  Chunk Share() const;
  // The first n bytes as a chunk of their own; this one keeps the rest. REQUIRES: n <= size().
  Chunk SplitFront(std::size_t n);
  // REQUIRES: n <= size().
  void RemovePrefix(std::size_t n);
  void RemoveSuffix(std::size_t n);
  void Reset() {
    if (block_ != nullptr) BlockPool::Release(block_);
    block_ = nullptr;
    data_ = nullptr;
    size_ = 0;
  }

  // Adds bytes at the end: in place if this chunk ends where its block's used part ends and there is room, otherwise
  // into a larger block. Earlier views of this chunk stay valid only while another chunk shares the old block.
  void Append(BlockPool& pool, std::string_view bytes);

 private:
  Chunk(Block* block, const char* data, std::size_t size) : block_(block), data_(data), size_(size) {}

  Block* block_ = nullptr;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace penstock
