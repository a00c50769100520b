// What threads wait for one another with, for the few places that are not mailboxes: nothing here is on the path of a
// request. As absl's, with its annotations for clang's thread-safety analysis, but made of the standard library's
// parts: ThreadSanitizer cannot look into the distribution's libabsl, and would report every value that it guards.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"

namespace penstock {

class ABSL_LOCKABLE Mutex {
 public:
  constexpr Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) { mutex_->Lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* mutex_;
};

// Waits may end without a reason: wait in a loop that looks at the condition.
class CondVar {
 public:
  void Wait(Mutex* mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // True if the time ran out.
  bool WaitFor(Mutex* mutex, std::chrono::nanoseconds duration) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    std::cv_status status = condition_.wait_for(lock, duration);
    lock.release();
    return status == std::cv_status::timeout;
  }
  void Signal() { condition_.notify_one(); }
  void SignalAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

// One thread waits until others have counted down to 0. It may be destroyed as soon as Wait() has returned.
class BlockingCounter {
 public:
  explicit BlockingCounter(int count) : left_(count) {}

  void DecrementCount() {
    MutexLock lock(&mutex_);
    if (--left_ == 0) zero_.SignalAll();
  }
  void Wait() {
    MutexLock lock(&mutex_);
    while (left_ > 0) zero_.Wait(&mutex_);
  }

 private:
  Mutex mutex_;
  CondVar zero_;
  int left_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace penstock
