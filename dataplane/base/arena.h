#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>

#include "dataplane/base/chunk.h"

namespace penstock {

// Bytes that live as long as a request: bump allocation out of small pooled blocks, freed all at once. What it hands
// out is never destructed. One thread. Without a pool (tests, tools) blocks come from the heap.
class Arena {
 public:
  explicit Arena(BlockPool* pool = nullptr) : pool_(pool) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { Clear(); }

  // `align` at most 16.
  char* Allocate(std::size_t size, std::size_t align = 1);
  std::string_view Copy(std::string_view bytes);
  std::string_view Concat(std::initializer_list<std::string_view> parts);

  template <typename T, typename... Args>
  T* New(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    return new (Allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  // n default-initialised elements.
  template <typename T>
  std::span<T> NewArray(std::size_t n) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    return std::span<T>(new (Allocate(sizeof(T) * n, alignof(T))) T[n](), n);
  }

  // Frees everything at once.
  void Clear();

  // What was asked for so far, without slack.
  std::size_t bytes() const { return bytes_; }

 private:
  char* Grow(std::size_t size);

  BlockPool* pool_;
  Block* blocks_ = nullptr;  // linked by Block::next, newest first
  char* next_ = nullptr;
  char* end_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace penstock
