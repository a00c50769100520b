#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "dataplane/base/mutex.h"
#include "dataplane/snapshot/settings.h"
#include "dataplane/upstream/pool/neighbours.h"

namespace penstock::upstream {

// A limit that users mean per process ("at most 1024 connections"), in units that workers take and give back in shares.
// Never exceeded; up to a quarter of it may lie unused in other workers' shares. Any thread.
class SharedLimit {
 public:
  // Units come out of the limit until it is used up; gives how many were taken.
  std::int64_t Take(std::int64_t wanted);
  void Give(std::int64_t units) { free_.fetch_add(units, std::memory_order_relaxed); }
  // Changes the limit while units are out. Any thread may call it; the last value counts.
  void Set(std::int64_t limit);
  std::int64_t limit() const { return limit_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> limit_{0};
  std::atomic<std::int64_t> free_{0};  // negative after the limit was lowered
};

// A worker's share of a SharedLimit. In steady state takes and gives without touching anything shared.
class LimitShare {
 public:
  LimitShare(SharedLimit& shared, int workers) : shared_(shared), workers_(workers) {}
  LimitShare(const LimitShare&) = delete;
  LimitShare& operator=(const LimitShare&) = delete;
  ~LimitShare() { shared_.Give(spare_); }

  bool Take() {
    if (spare_ == 0) spare_ = shared_.Take(Batch());
    if (spare_ == 0) return false;
    --spare_;
    ++used_;
    return true;
  }
  void Give() {
    --used_;
    ++spare_;
    std::int64_t keep = 2 * Batch();
    if (Batch() > 1 ? spare_ <= keep : spare_ == 0) return;
    std::int64_t surplus = Batch() > 1 ? spare_ - Batch() : spare_;
    spare_ -= surplus;
    shared_.Give(surplus);
  }
  std::int64_t used() const { return used_; }

  // A unit leaves this worker's share for another's, which adopts it. False if there is none to spare.
  bool Yield() {
    if (!Take()) return false;
    --used_;
    return true;
  }
  void Adopt() { ++spare_; }

 private:
  std::int64_t Batch() const {
    constexpr std::int64_t kLargest = 64;
    return std::clamp<std::int64_t>(shared_.limit() / (8 * workers_), 1, kLargest);
  }

  SharedLimit& shared_;
  const int workers_;
  std::int64_t spare_ = 0;
  std::int64_t used_ = 0;
};

// One taken unit; gives it back when it goes.
class Lease {
 public:
  Lease() = default;
  // Not ok() if the limit is reached.
  static Lease Take(LimitShare& share) { return share.Take() ? Lease(&share) : Lease(); }
  Lease(Lease&& other) noexcept : share_(std::exchange(other.share_, nullptr)) {}
  Lease& operator=(Lease&& other) noexcept {
    Release();
    share_ = std::exchange(other.share_, nullptr);
    return *this;
  }
  ~Lease() { Release(); }

  bool ok() const { return share_ != nullptr; }
  void Release() {
    if (share_ != nullptr) std::exchange(share_, nullptr)->Give();
  }

 private:
  explicit Lease(LimitShare* share) : share_(share) {}
  LimitShare* share_ = nullptr;
};

// The limits of one cluster in this process.
struct ClusterLimits {
  SharedLimit connections;
  SharedLimit pending;
  SharedLimit requests;
  // Where a worker asks for a place when all connections are taken, some perhaps idle at other workers.
  Neighbours neighbours;

  void Set(const snapshot::UpstreamSettings& settings);
};

// The limits of all clusters of the process, by name; the workers' clusters share them. Any thread; locked only when a
// worker meets a cluster for the first time.
class ProcessLimits {
 public:
  explicit ProcessLimits(int workers) : workers_(workers) {}

  std::shared_ptr<ClusterLimits> Get(std::string_view cluster);
  int workers() const { return workers_; }

 private:
  const int workers_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, std::weak_ptr<ClusterLimits>> clusters_ ABSL_GUARDED_BY(mutex_);
  std::size_t sweep_at_ ABSL_GUARDED_BY(mutex_) = 64;  // forgets the names that nobody holds at this size
};

}  // namespace penstock::upstream
