// The generation that a worker serves, and how a request keeps the one it was decided by.
//
//   GenerationPin pin = context.generation.Pin();          // once per request
//   snapshot::Decision decision = pin->snapshot->Decide(...);
//   pin->series->Route(worker, listener, route).requests.Add(200);
//   context.generation.Watch(keeper, pin);                 // who may last for hours, and can do without it later
//
// Prepare (dataplane/server) makes one Generation for all workers; Publish gives each worker a pointer by mailbox. A
// worker counts its pins without atomics; when it has moved on and the last pin is gone, it says so once per
// generation, and the configuration thread destroys the snapshot (which belongs to that thread).
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "dataplane/base/check.h"
#include "dataplane/base/intrusive_list.h"
#include "dataplane/proxy/policy_chains.h"
#include "dataplane/proxy/tls_contexts.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/telemetry/stats/registry.h"

namespace penstock::proxy {

// Immutable, shared by all workers. Owned by the configuration thread, which destroys it once `holders` is 0.
struct Generation {
  std::shared_ptr<const snapshot::Snapshot> snapshot;
  std::shared_ptr<const telemetry::SeriesSet> series;
  PolicyChains policies;
  TlsContexts tls;
  std::atomic<int> holders{0};  // workers that may still look at it
};

namespace generation_internal {
// A worker's count of who needs one generation.
struct Slot {
  Generation* generation;
  size_t pins;  // the worker's own "it is current" included
};
inline void Drop(Slot* slot) {
  if (--slot->pins > 0) return;
  slot->generation->holders.fetch_sub(1, std::memory_order_release);
  delete slot;
}
}  // namespace generation_internal

// Keeps a generation alive. Belongs to its worker's thread.
class GenerationPin {
 public:
  GenerationPin() = default;
  GenerationPin(GenerationPin&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
  GenerationPin& operator=(GenerationPin&& other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~GenerationPin() {
    if (slot_ != nullptr) generation_internal::Drop(slot_);
  }

  explicit operator bool() const { return slot_ != nullptr; }
  const Generation& operator*() const { return *slot_->generation; }
  const Generation* operator->() const { return slot_->generation; }

 private:
  friend class CurrentGeneration;
  explicit GenerationPin(generation_internal::Slot* slot) : slot_(slot) { ++slot->pins; }

  generation_internal::Slot* slot_ = nullptr;
};

// Keeps a generation alive on a thread that is no worker (admin).
class GenerationLease {
 public:
  GenerationLease() = default;
  // `holders` of GENERATION counts this lease already.
  explicit GenerationLease(Generation& generation) : generation_(&generation) {}
  GenerationLease(GenerationLease&& other) noexcept : generation_(std::exchange(other.generation_, nullptr)) {}
  GenerationLease& operator=(GenerationLease&& other) noexcept {
    std::swap(generation_, other.generation_);
    return *this;
  }
  ~GenerationLease() {
    if (generation_ != nullptr) generation_->holders.fetch_sub(1, std::memory_order_release);
  }

  explicit operator bool() const { return generation_ != nullptr; }
  const Generation* operator->() const { return generation_; }

 private:
  Generation* generation_ = nullptr;
};

// Who holds a pin but can do without it. Unlinks itself when it is destroyed.
class GenerationKeeper : public ListNode {
 public:
  // Another generation is served from now on: take along what is needed of the pinned one and drop the pin.
  virtual void OnSuperseded() = 0;

 protected:
  ~GenerationKeeper() = default;
};

// What one worker serves now. Lives on the worker's thread; outlives all of its pins.
class CurrentGeneration {
 public:
  CurrentGeneration() = default;
  CurrentGeneration(const CurrentGeneration&) = delete;
  ~CurrentGeneration() {
    if (slot_ != nullptr) generation_internal::Drop(slot_);
  }

  // False before the first Swap.
  bool has_value() const { return slot_ != nullptr; }
  const Generation& operator*() const { return *slot_->generation; }
  const Generation* operator->() const { return slot_->generation; }

  // REQUIRES: has_value().
  GenerationPin Pin() const {
    PENSTOCK_CHECK(slot_ != nullptr, "there is no generation to pin");
    return GenerationPin(slot_);
  }

  // Calls KEEPER.OnSuperseded() once, as soon as another generation than PIN's is served: now, or in the next Swap.
  // REQUIRES: KEEPER is not linked.
  void Watch(GenerationKeeper& keeper, const GenerationPin& pin) {
    if (pin.slot_ == slot_) return keepers_.PushBack(keeper);
    keeper.OnSuperseded();
  }

  // From now on NEXT is served. Its `holders` counts this worker already.
  void Swap(Generation& next) {
    auto* slot = new generation_internal::Slot{&next, 1};
    std::swap(slot_, slot);
    if (slot != nullptr) generation_internal::Drop(slot);
    while (!keepers_.empty()) keepers_.PopFront().OnSuperseded();
  }

 private:
  generation_internal::Slot* slot_ = nullptr;
  IntrusiveList<GenerationKeeper> keepers_;  // all have pins of slot_
};

}  // namespace penstock::proxy
