#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/base/chunk.h"

namespace penstock::http::h2 {

// Frames and content on their way to the peer, gathered for one call. Kept for its room. One thread.
class Output {
 public:
  // POOL gives the blocks for what is copied, and outlives this.
  explicit Output(BlockPool& pool) : pool_(pool) {}
  Output(const Output&) = delete;
  ~Output() { Clear(); }

  // Frames: copied.
  void Append(std::string_view bytes);
  // Content: kept, or copied where that is cheaper than a piece of its own.
  void Append(Chunk content);

  // In order. Valid until something is appended.
  std::span<const std::string_view> pieces() const { return pieces_; }
  size_t bytes() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }
  // Everything was sent, or will never be.
  void Clear();

 private:
  // Content up to this size is copied behind its frame's header.
  static constexpr size_t kMaxCopied = 4 << 10;

  void Copy(std::string_view bytes);
  void Show(std::string_view bytes);

  BlockPool& pool_;
  std::vector<Chunk> chunks_;
  std::vector<std::string_view> pieces_;
  Block* block_ = nullptr;  // that is filled now
  size_t used_ = 0;         // of it
  size_t bytes_ = 0;
};

}  // namespace penstock::http::h2
