#include "controlplane/rollout/apply_thread.h"

#include <utility>

namespace penstock::rollout {

ApplyThread::ApplyThread() : thread_([this] { Loop(); }) {}

ApplyThread::~ApplyThread() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    posted_.Signal();
  }
  thread_.join();
}

bool ApplyThread::Post(std::function<void()> task) {
  MutexLock lock(&mutex_);
  if (stopping_ || queue_.size() >= kMaxQueued) return false;
  queue_.push_back(std::move(task));
  posted_.Signal();
  return true;
}

bool ApplyThread::Run(const std::function<void()>& task) {
  BlockingCounter done(1);
  if (!Post([&] {
        task();
        done.DecrementCount();
      })) {
    return false;
  }
  done.Wait();
  return true;
}

void ApplyThread::Loop() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(&mutex_);
      while (!stopping_ && queue_.empty()) posted_.Wait(&mutex_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace penstock::rollout
