#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "dataplane/base/mutex.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::fetch {

class FetchLoop;

// The way to the fetching thread for documents, which may outlive it. Any thread.
class Line {
 public:
  using Message = absl::AnyInvocable<void(FetchLoop&)>;

  // Both outlive the moment that it is cut.
  Line(io::Reactor& reactor, FetchLoop& loop) : reactor_(&reactor), loop_(loop) {}

  // Runs MESSAGE on the thread, after what was posted before. False: it was cut, and nothing happens.
  bool Post(Message message) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (reactor_ == nullptr) return false;
    reactor_->Post([&loop = loop_, message = std::move(message)]() mutable { message(loop); });
    return true;
  }

  void Cut() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    reactor_ = nullptr;
  }

 private:
  Mutex mutex_;
  io::Reactor* reactor_ ABSL_GUARDED_BY(mutex_);  // null: cut
  FetchLoop& loop_;
};

}  // namespace penstock::fetch
