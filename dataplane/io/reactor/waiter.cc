#include "dataplane/io/reactor/waiter.h"

#include "dataplane/base/strings.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::io {

bool Waiter::await_ready() {
  if (wait_.cancellation != nullptr && wait_.cancellation->cancelled()) {
    woke_ = Woke::kCancelled;
    return true;
  }
  if (wait_.deadline <= reactor_.Now()) {
    woke_ = Woke::kDeadline;
    return true;
  }
  return false;
}

void Waiter::await_suspend(std::coroutine_handle<> coroutine) {
  coroutine_ = coroutine;
  queue_.queue_.PushBack(*this);
  Timer::Arm(reactor_.timers(), wait_.deadline);
  if (wait_.cancellation != nullptr) wait_.cancellation->Add(*this);
}

// Only the first cause counts: all other ways to be woken are cut here.
void Waiter::Wake(Woke why) {
  woke_ = why;
  Timer::Disarm();
  Cancellation::Listener::Unlink();
  Runnable::Unlink();
  reactor_.Enqueue(*this);
}

bool WaitQueue::WakeOne() {
  if (queue_.empty()) return false;
  static_cast<Waiter&>(queue_.front()).Wake(Woke::kEvent);
  return true;
}

void WaitQueue::WakeAll() {
  while (WakeOne()) {
  }
}

Status ToStatus(Woke woke, std::string_view what) {
  switch (woke) {
    case Woke::kEvent:
      return absl::OkStatus();
    case Woke::kDeadline:
      return absl::DeadlineExceededError(StrCat(what, ": timed out"));
    case Woke::kCancelled:
      return absl::CancelledError(StrCat(what, ": cancelled"));
  }
  return absl::InternalError("no such cause");
}

}  // namespace penstock::io
