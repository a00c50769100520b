#pragma once

#include <atomic>
#include <thread>

namespace penstock::limits {

// Held for a look at eight entries. Who holds it may lose its processor: then others give up theirs.
class GroupLock {
 public:
  explicit GroupLock(std::atomic<bool>& locked) : locked_(locked) {
    for (int tries = 1; locked_.exchange(true, std::memory_order_acquire); ++tries) {
      if (tries % 64 == 0) std::this_thread::yield();
      Relax();
    }
  }
  GroupLock(const GroupLock&) = delete;
  ~GroupLock() { locked_.store(false, std::memory_order_release); }

 private:
  static void Relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  std::atomic<bool>& locked_;
};

}  // namespace penstock::limits
