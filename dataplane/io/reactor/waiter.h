#pragma once

#include <coroutine>
#include <cstdint>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/io/reactor/timer.h"

namespace penstock::io {

class Reactor;

// Something that the reactor runs in this turn, first come first served.
class Runnable : public ListNode {
 public:
  virtual void Run() = 0;

 protected:
  ~Runnable() = default;
};

enum class Woke : std::uint8_t { kEvent, kDeadline, kCancelled };

class WaitQueue;

// One wait of one coroutine: for an event, a deadline or a cancellation, whichever comes first. Every operation that
// waits is built of it:
//
//   Waiter waiter(reactor, queue, wait);
//   Woke woke = co_await waiter;
//
// It never resumes the coroutine inside the call that woke it: the reactor does, in the same turn.
class Waiter final : public Runnable, private Timer, private Cancellation::Listener {
 public:
  Waiter(Reactor& reactor, WaitQueue& queue, const Wait& wait) : reactor_(reactor), queue_(queue), wait_(wait) {}

  bool await_ready();
  void await_suspend(std::coroutine_handle<> coroutine);
  Woke await_resume() const { return woke_; }

 private:
  friend class WaitQueue;

  void Wake(Woke why);
  void Run() override { coroutine_.resume(); }
  void OnTimer() override { Wake(Woke::kDeadline); }
  void OnCancel() override { Wake(Woke::kCancelled); }

  Reactor& reactor_;
  WaitQueue& queue_;
  const Wait wait_;
  std::coroutine_handle<> coroutine_;
  Woke woke_ = Woke::kEvent;
};

// Coroutines that wait for the same event, first come first served. Must be empty when it is destroyed.
class WaitQueue {
 public:
  WaitQueue() = default;
  ~WaitQueue() { PENSTOCK_CHECK(queue_.empty(), "something still waits here"); }

  bool empty() const { return queue_.empty(); }
  // Wakes the first with kEvent. False if nobody waits.
  bool WakeOne();
  void WakeAll();

 private:
  friend class Waiter;

  IntrusiveList<Runnable> queue_;
};

// OK for an event; otherwise kDeadlineExceeded or kCancelled, "WHAT: timed out".
Status ToStatus(Woke woke, std::string_view what);

}  // namespace penstock::io
