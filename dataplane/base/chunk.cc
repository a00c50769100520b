#include "dataplane/base/chunk.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>

#include "dataplane/base/frame_pool.h"

namespace penstock {
namespace {

constexpr std::uint32_t kUnpooled = 3;

#ifdef PENSTOCK_SANITIZED
// Under sanitizers a freed block must be poisoned: keep none.
constexpr bool kKeepFree = false;
#else
constexpr bool kKeepFree = true;
#endif

Block* NewBlock(std::size_t whole, BlockPool* pool, std::uint32_t size_class) {
  PENSTOCK_CHECK(whole <= UINT32_MAX, "a block is below 4 GiB");
  Block* block = new (::operator new(whole)) Block;
  block->pool = pool;
  block->capacity = static_cast<std::uint32_t>(whole - sizeof(Block));
  block->size_class = size_class;
  block->refs = 1;
  return block;
}

}  // namespace

BlockPool::~BlockPool() {
  PENSTOCK_CHECK(bytes_in_use_ == 0, "a pool must outlive its blocks");
  for (FreeList& list : free_) {
    while (Block* block = list.head) {
      list.head = block->next;
      ::operator delete(block);
    }
  }
}

Block* BlockPool::Take(std::size_t wanted) {
  std::uint32_t size_class = wanted <= kSmall ? 0 : wanted <= kMedium ? 1 : 2;
  FreeList& list = free_[size_class];
  bytes_in_use_ += kSizes[size_class];
  Block* block = list.head;
  if (block == nullptr) return NewBlock(kSizes[size_class], this, size_class);
  list.head = block->next;
  --list.count;
  block->next = nullptr;
  block->refs = 1;
  block->used = 0;
  return block;
}

Block* BlockPool::TakeAtLeast(std::size_t size) {
  if (size <= kLarge) return Take(size);
  bytes_in_use_ += size + sizeof(Block);
  return NewBlock(size + sizeof(Block), this, kUnpooled);
}

Block* BlockPool::FromHeap(std::size_t size) { return NewBlock(size + sizeof(Block), nullptr, kUnpooled); }

void BlockPool::Release(Block* block) {
  if (--block->refs > 0) return;
  if (block->pool == nullptr) {
    ::operator delete(block);
    return;
  }
  block->pool->Return(block);
}

void BlockPool::Return(Block* block) {
  bytes_in_use_ -= block->capacity + sizeof(Block);
  if (!kKeepFree || block->size_class == kUnpooled || free_[block->size_class].count >= kKept[block->size_class]) {
    ::operator delete(block);
    return;
  }
  FreeList& list = free_[block->size_class];
  block->next = list.head;
  list.head = block;
  ++list.count;
}

Chunk Chunk::Adopt(Block* block, std::size_t size) {
  block->used = static_cast<std::uint32_t>(size);
  if (size > 0) return Chunk(block, block->data(), size);
  BlockPool::Release(block);
  return Chunk();
}

Chunk Chunk::Static(std::string_view bytes) { return Chunk(nullptr, bytes.data(), bytes.size()); }

Chunk Chunk::Copy(BlockPool& pool, std::string_view bytes) {
  if (bytes.empty()) return Chunk();
  Block* block = pool.TakeAtLeast(bytes.size());
  std::memcpy(block->data(), bytes.data(), bytes.size());
  return Adopt(block, bytes.size());
}

Chunk Chunk::Copy(std::string_view bytes) {
  if (bytes.empty()) return Chunk();
  Block* block = BlockPool::FromHeap(bytes.size());
  std::memcpy(block->data(), bytes.data(), bytes.size());
  return Adopt(block, bytes.size());
}

Chunk Chunk::Share() const {
  if (block_ != nullptr) ++block_->refs;
  return Chunk(block_, data_, size_);
}

Chunk Chunk::SplitFront(std::size_t n) {
  PENSTOCK_CHECK(n <= size_, "cannot split past the end");
  if (n == 0) return Chunk();
  if (n == size_) return std::move(*this);
  Chunk front = Share();
  front.size_ = n;
  RemovePrefix(n);
  return front;
}

void Chunk::RemovePrefix(std::size_t n) {
  PENSTOCK_CHECK(n <= size_, "cannot remove more than there is");
  data_ += n;
  size_ -= n;
  if (size_ == 0) Reset();
}

void Chunk::RemoveSuffix(std::size_t n) {
  PENSTOCK_CHECK(n <= size_, "cannot remove more than there is");
  size_ -= n;
  if (size_ == 0) Reset();
}

void Chunk::Append(BlockPool& pool, std::string_view bytes) {
  if (bytes.empty()) return;
  bool at_end = block_ != nullptr && data_ + size_ == block_->data() + block_->used;
  if (at_end && block_->capacity - block_->used >= bytes.size()) {
    std::memcpy(block_->data() + block_->used, bytes.data(), bytes.size());
    block_->used += static_cast<std::uint32_t>(bytes.size());
    size_ += bytes.size();
    return;
  }
  // Twice what is needed, so that many small pieces cost linear time.
  Block* block = pool.TakeAtLeast((size_ + bytes.size()) * 2);
  if (size_ > 0) std::memcpy(block->data(), data_, size_);
  std::memcpy(block->data() + size_, bytes.data(), bytes.size());
  *this = Adopt(block, size_ + bytes.size());
}

}  // namespace penstock
