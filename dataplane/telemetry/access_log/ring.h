// A bounded queue of bytes from one writing thread to one reading thread, without locks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "dataplane/base/check.h"

namespace penstock::telemetry {

class AccessLogRing {
 public:
  // REQUIRES: CAPACITY is a power of two.
  explicit AccessLogRing(size_t capacity) : mask_(capacity - 1), bytes_(new char[capacity]) {
    PENSTOCK_CHECK((capacity & mask_) == 0, "the capacity of a ring must be a power of two");
  }

  size_t capacity() const { return mask_ + 1; }

  // Writer: all of LINE or, if it does not fit, nothing.
  bool Push(std::string_view line) noexcept {
    size_t tail = tail_.load(std::memory_order_relaxed);
    if (capacity() - (tail - head_.load(std::memory_order_acquire)) < line.size()) return false;
    size_t first = std::min(line.size(), capacity() - (tail & mask_));
    std::memcpy(&bytes_[tail & mask_], line.data(), first);
    std::memcpy(&bytes_[0], line.data() + first, line.size() - first);
    tail_.store(tail + line.size(), std::memory_order_release);
    return true;
  }
  // Writer: the reader should come now and not at its next round.
  bool MoreThanHalfFull() const noexcept {
    return tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_relaxed) > capacity() / 2;
  }

  // Reader: what is queued, in two pieces because the queue wraps around. Good until Consume.
  struct Readable {
    std::string_view first;
    std::string_view second;
    size_t size() const { return first.size() + second.size(); }
  };
  Readable Peek() const noexcept {
    size_t head = head_.load(std::memory_order_relaxed);
    size_t size = tail_.load(std::memory_order_acquire) - head;
    size_t first = std::min(size, capacity() - (head & mask_));
    return {{&bytes_[head & mask_], first}, {&bytes_[0], size - first}};
  }
  // Reader. REQUIRES: BYTES <= Peek().size().
  void Consume(size_t bytes) noexcept {
    head_.store(head_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
  }

 private:
  const size_t mask_;
  const std::unique_ptr<char[]> bytes_;
  alignas(64) std::atomic<size_t> tail_{0};  // written by the writer; counts all bytes ever, never wraps
  alignas(64) std::atomic<size_t> head_{0};  // written by the reader
};

}  // namespace penstock::telemetry
