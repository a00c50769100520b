// One thread that runs tasks in the order in which they came: every change of the configuration goes through it.
#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"

namespace penstock::rollout {

class ApplyThread {
 public:
  static constexpr size_t kMaxQueued = 1024;

  ApplyThread();
  // Runs what is queued already, then stops.
  ~ApplyThread();

  // False if too much is queued or the thread is stopping: `task` will not run.
  bool Post(std::function<void()> task);
  // Runs `task` on the thread and returns when it has run. REQUIRES: not called on the thread itself. False as Post.
  bool Run(const std::function<void()>& task);

 private:
  void Loop();

  Mutex mutex_;
  CondVar posted_;  // or stopping
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace penstock::rollout
