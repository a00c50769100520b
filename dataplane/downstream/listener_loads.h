#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "dataplane/base/mutex.h"

namespace penstock::downstream {

// The open connections of each of the listeners that share a place where handshakes say which one is meant: of all
// workers, asked once per connection. Any thread.
class ListenerLoads {
 public:
  // One connection of one listener, until it goes. Movable; the loads outlive it.
  class Seat {
   public:
    Seat() = default;
    Seat(Seat&& from) noexcept : loads_(std::exchange(from.loads_, nullptr)), listener_(std::move(from.listener_)) {}
    Seat& operator=(Seat&& from) noexcept {
      std::swap(loads_, from.loads_);
      std::swap(listener_, from.listener_);
      return *this;
    }
    ~Seat() {
      if (loads_ != nullptr) loads_->Leave(listener_);
    }
    explicit operator bool() const { return loads_ != nullptr; }

   private:
    friend class ListenerLoads;
    Seat(ListenerLoads& loads, std::string listener) : loads_(&loads), listener_(std::move(listener)) {}

    ListenerLoads* loads_ = nullptr;
    std::string listener_;
  };

  // A seat, or an empty one if LISTENER has MOST connections already.
  Seat Enter(const std::string& listener, int64_t most);

 private:
  void Leave(const std::string& listener);

  Mutex mutex_;
  absl::flat_hash_map<std::string, int64_t> open_ ABSL_GUARDED_BY(mutex_);  // those that have some
};

}  // namespace penstock::downstream
