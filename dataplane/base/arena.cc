#include "dataplane/base/arena.h"

#include <cstdint>
#include <cstring>
#include <new>

namespace penstock {

char* Arena::Allocate(std::size_t size, std::size_t align) {
  bytes_ += size;
  std::uintptr_t start = (reinterpret_cast<std::uintptr_t>(next_) + align - 1) & ~(align - 1);
  std::uintptr_t end = reinterpret_cast<std::uintptr_t>(end_);
  if (next_ == nullptr || start > end || size > end - start) return Grow(size);
  char* result = next_ + (start - reinterpret_cast<std::uintptr_t>(next_));
  next_ = result + size;
  return result;
}

// A block's data is aligned to 16 (operator new, and a header of a multiple of 16).
char* Arena::Grow(std::size_t size) {
  static_assert(sizeof(Block) % 16 == 0);
  std::size_t wanted = size > BlockPool::kSmall ? size : BlockPool::kSmall;
  Block* block = pool_ != nullptr ? pool_->TakeAtLeast(wanted) : BlockPool::FromHeap(wanted);
  block->next = blocks_;
  blocks_ = block;
  // A large object leaves the room of the current block in use.
  if (size > BlockPool::kSmall / 2 && next_ != nullptr) return block->data();
  next_ = block->data() + size;
  end_ = block->data() + block->capacity;
  return block->data();
}

std::string_view Arena::Copy(std::string_view bytes) {
  if (bytes.empty()) return {};
  char* copy = Allocate(bytes.size());
  std::memcpy(copy, bytes.data(), bytes.size());
  return {copy, bytes.size()};
}

std::string_view Arena::Concat(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (std::string_view part : parts) size += part.size();
  if (size == 0) return {};
  char* copy = Allocate(size);
  char* out = copy;
  for (std::string_view part : parts) {
    if (!part.empty()) std::memcpy(out, part.data(), part.size());
    out += part.size();
  }
  return {copy, size};
}

void Arena::Clear() {
  while (Block* block = blocks_) {
    blocks_ = block->next;
    block->next = nullptr;
    BlockPool::Release(block);
  }
  next_ = end_ = nullptr;
  bytes_ = 0;
}

}  // namespace penstock
