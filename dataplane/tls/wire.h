#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "dataplane/base/chunk.h"
#include "dataplane/tls/openssl.h"

namespace penstock::tls {

// Sealed bytes on their way out, in pooled blocks. Holds none when it is empty.
class Outbox {
 public:
  static constexpr size_t kMaxBlocks = 8;

  explicit Outbox(BlockPool& pool) : pool_(pool) {}
  Outbox(const Outbox&) = delete;
  ~Outbox() { Clear(); }

  // Behind what is there. EXPECTED: how much will probably come in all, for the size of a new block. False if all
  // blocks are full.
  bool Append(std::string_view bytes, size_t expected);
  void Clear();

  bool empty() const { return count_ == 0; }
  size_t bytes() const { return bytes_; }
  // What is there, in order; good until the next change.
  std::span<const std::string_view> pieces();

  friend void swap(Outbox& a, Outbox& b) noexcept;

 private:
  struct Part {
    Block* block = nullptr;
    size_t used = 0;
  };

  BlockPool& pool_;
  std::array<Part, kMaxBlocks> parts_;
  std::array<std::string_view, kMaxBlocks> pieces_;
  size_t count_ = 0;
  size_t bytes_ = 0;
};

// What is between the library and the connection: received bytes that it has not taken, and sealed bytes that were not
// sent. The library never waits here.
class Wire {
 public:
  explicit Wire(BlockPool& pool) : outbox(pool) {}
  Wire(const Wire&) = delete;

  // An end for the library, which owns it; this outlives it.
  BIO* NewBio();

  Chunk received;
  Outbox outbox;
  size_t expected = 0;  // see Outbox::Append
  bool cut = false;     // the library gets nothing more to read
};

}  // namespace penstock::tls
