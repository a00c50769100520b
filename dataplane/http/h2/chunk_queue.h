#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "dataplane/base/chunk.h"

namespace penstock::http::h2 {

// Content that waits, in order. What is small is copied behind what waits already, so that a trickle does not hold a
// block per byte; what is not keeps its own block, since a copy would need another one. One thread.
class ChunkQueue {
 public:
  bool empty() const { return bytes_ == 0; }
  size_t bytes() const { return bytes_; }

  // POOL gives the blocks for what is copied.
  void Push(BlockPool& pool, Chunk chunk) {
    if (chunk.empty()) return;
    bytes_ += chunk.size();
    bool small = chunk.size() < kSmall && first_ < chunks_.size();
    if (small && chunks_.back().size() + chunk.size() <= BlockPool::kLarge / 2) {
      chunks_.back().Append(pool, chunk.view());
    } else {
      if (first_ > kTaken) Compact();
      chunks_.push_back(std::move(chunk));
    }
  }

  // The next bytes in one piece, at most MAX. REQUIRES: not empty, MAX > 0.
  Chunk Pop(size_t max) {
    Chunk& front = chunks_[first_];
    Chunk piece = front.size() <= max ? std::move(front) : front.SplitFront(max);
    bytes_ -= piece.size();
    if (front.empty() && ++first_ == chunks_.size()) Clear();
    return piece;
  }

  void Clear() {
    chunks_.clear();
    first_ = bytes_ = 0;
  }

 private:
  static constexpr size_t kSmall = 4 << 10;
  static constexpr size_t kTaken = 8;  // so many places of taken chunks are kept

  void Compact() {
    chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  std::vector<Chunk> chunks_;
  size_t first_ = 0;  // what is before it was taken
  size_t bytes_ = 0;
};

}  // namespace penstock::http::h2
