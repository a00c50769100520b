// Cells: the numbers that a worker counts. A cell has one writing thread; any thread may read it at any time. Writing
// is a relaxed load and store (about 1 ns), never a read-modify-write: two writers would lose counts.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::telemetry {

// Only grows.
class Counter {
 public:
  void Add(uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  uint64_t Read() const noexcept { return value_.load(std::memory_order_relaxed); }
  void Absorb(const Counter& from) noexcept { Add(from.Read()); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Goes up and down.
class Gauge {
 public:
  void Set(int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void Add(int64_t n) noexcept { Set(Read() + n); }
  int64_t Read() const noexcept { return value_.load(std::memory_order_relaxed); }
  void Absorb(const Gauge& from) noexcept { Add(from.Read()); }

 private:
  std::atomic<int64_t> value_{0};
};

// Durations in log-linear buckets: 1, 2 and 5 of every decade from 100 us to 100 s, and one above.
class Histogram {
 public:
  static constexpr std::array<int64_t, 19> kBoundsNs = {
      100'000,       200'000,        500'000,        1'000'000,      2'000'000,      5'000'000,     10'000'000,
      20'000'000,    50'000'000,     100'000'000,    200'000'000,    500'000'000,    1'000'000'000, 2'000'000'000,
      5'000'000'000, 10'000'000'000, 20'000'000'000, 50'000'000'000, 100'000'000'000};
  static constexpr size_t kBuckets = kBoundsNs.size() + 1;  // the last one has no upper bound

  // A negative duration counts as zero.
  void Observe(std::chrono::nanoseconds duration) noexcept {
    int64_t ns = duration.count() < 0 ? 0 : duration.count();
    buckets_[Bucket(ns)].Add();
    sum_ns_.Add(static_cast<uint64_t>(ns));
  }

  void Absorb(const Histogram& from) noexcept {
    for (size_t i = 0; i < kBuckets; ++i) buckets_[i].Absorb(from.buckets_[i]);
    sum_ns_.Absorb(from.sum_ns_);
  }

  uint64_t ReadBucket(size_t bucket) const noexcept { return buckets_[bucket].Read(); }  // not cumulative
  uint64_t ReadSumNs() const noexcept { return sum_ns_.Read(); }

  // The bucket of NS: the first whose bound is not below it. At most three comparisons.
  static constexpr size_t Bucket(int64_t ns) noexcept {
    size_t bucket = kFirstByWidth[std::bit_width(static_cast<uint64_t>(ns))];
    while (bucket < kBoundsNs.size() && kBoundsNs[bucket] < ns) ++bucket;
    return bucket;
  }

 private:
  // For every width in bits, the bucket of the smallest number of that width.
  static constexpr std::array<uint8_t, 65> kFirstByWidth = [] {
    std::array<uint8_t, 65> first{};
    for (size_t width = 1; width < 65; ++width) {
      uint64_t smallest = uint64_t{1} << (width - 1);
      uint8_t bucket = 0;
      while (bucket < kBoundsNs.size() && static_cast<uint64_t>(kBoundsNs[bucket]) < smallest) ++bucket;
      first[width] = bucket;
    }
    return first;
  }();

  std::array<Counter, kBuckets> buckets_;
  Counter sum_ns_;
};

}  // namespace penstock::telemetry
