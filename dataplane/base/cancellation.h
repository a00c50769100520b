#pragma once

#include "absl/status/status.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/intrusive_list.h"

namespace penstock {

// Tells everything that waits under it to stop: a pending wait is resumed with a kCancelled status and the code unwinds
// by returning. A Cancellation may be a child of another one: cancelling the parent cancels the child. One thread; no
// allocation. Must outlive the waits under it; a parent must outlive its children.
class Cancellation {
 public:
  // What is told. OnCancel must not resume a coroutine itself, since that might destroy the Cancellation that is
  // calling: it queues it (the reactor's waits do). Called at most once.
  class Listener : public ListNode {
   public:
    virtual void OnCancel() = 0;

   protected:
    ~Listener() = default;
  };

  Cancellation() = default;
  explicit Cancellation(Cancellation* parent) : link_(*this) {
    if (parent == nullptr) return;
    if (parent->cancelled_) cancelled_ = true;
    if (!parent->cancelled_) parent->listeners_.PushBack(link_);
  }

  bool cancelled() const { return cancelled_; }

  void Cancel() {
    if (cancelled_) return;
    cancelled_ = true;
    while (!listeners_.empty()) listeners_.PopFront().OnCancel();
  }

  // Adds a listener, which unlinks itself when it is destroyed. REQUIRES: not cancelled().
  void Add(Listener& listener) { listeners_.PushBack(listener); }

 private:
  struct Link final : Listener {
    explicit Link(Cancellation& self) : self(self) {}
    void OnCancel() override { self.Cancel(); }
    Cancellation& self;
  };

  bool cancelled_ = false;
  IntrusiveList<Listener> listeners_;
  Link link_{*this};
};

// How long an operation may wait, and what may stop it. Goes into every operation that may suspend: it ends with
// kDeadlineExceeded or kCancelled then.
struct Wait {
  TimePoint deadline = kNoDeadline;
  Cancellation* cancellation = nullptr;

  // The same, but not longer than until `other`.
  Wait Until(TimePoint other) const { return Wait{other < deadline ? other : deadline, cancellation}; }
};

inline bool IsTimeout(const absl::Status& status) { return status.code() == absl::StatusCode::kDeadlineExceeded; }
using absl::IsCancelled;

}  // namespace penstock
