#include "controlplane/rollout/apply_thread.h"

#include <utility>

#include "absl/synchronization/notification.h"

namespace penstock::rollout {

ApplyThread::ApplyThread() : thread_([this] { Loop(); }) {}

ApplyThread::~ApplyThread() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

bool ApplyThread::Post(std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  if (stopping_ || queue_.size() >= kMaxQueued) return false;
  queue_.push_back(std::move(task));
  return true;
}

bool ApplyThread::Run(const std::function<void()>& task) {
  absl::Notification done;
  if (!Post([&] {
        task();
        done.Notify();
      })) {
    return false;
  }
  done.WaitForNotification();
  return true;
}

void ApplyThread::Loop() {
  while (true) {
    std::function<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      auto has_work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || !queue_.empty(); };
      mutex_.Await(absl::Condition(&has_work));
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace penstock::rollout
