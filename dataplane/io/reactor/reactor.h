#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/base/chunk.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/random.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/io/reactor/fd.h"
#include "dataplane/io/reactor/mailbox.h"
#include "dataplane/io/reactor/timer.h"
#include "dataplane/io/reactor/waiter.h"

namespace penstock::io {

// A descriptor in the reactor's set.
class EventSource {
 public:
  // `events` as epoll reports them. Wakes waiters; does not resume coroutines and does not destroy sources.
  virtual void OnEvents(std::uint32_t events) = 0;

 protected:
  ~EventSource() = default;
};

// One event loop of one thread: descriptors (epoll, edge triggered), timers, a mailbox, and the coroutines that wait
// for them. It also carries what belongs to the thread: time, blocks, random numbers. A Reactor is the Clock of
// everything on its thread.
//
// All methods belong to the thread that runs it, except Post() and Stop(). Must outlive everything that was made on it.
// Its destructor requires that no task waits: cancel them and Run() until tasks() is 0.
class Reactor final : public Clock {
 public:
  struct Options {
    const Clock* clock = nullptr;       // null: the system's. Tests fake it; it must outlive the reactor.
    std::optional<std::uint64_t> seed;  // of random(); none: from the kernel
  };

  static StatusOr<std::unique_ptr<Reactor>> Create(Options options);
  static StatusOr<std::unique_ptr<Reactor>> Create() { return Create(Options()); }
  ~Reactor();

  // --- The loop.

  // Runs until Stop(). May be called again after that.
  void Run();
  // Ends Run() after the present turn. Any thread.
  void Stop();
  // One turn: waits at most `longest` for something to happen, then handles all that is there.
  void Turn(Duration longest);
  // Runs the loop until the task has finished; for tests, tools and start-up.
  template <typename T>
  T BlockOn(Task<T> task) {
    std::optional<T> result;
    task_internal::RunInto(std::move(task), &result);
    while (!result.has_value()) Turn(Duration::max());
    return *std::move(result);
  }
  void BlockOn(Task<void> task) {
    bool done = false;
    task_internal::RunDetached(SetWhenDone(std::move(task), &done));
    while (!done) Turn(Duration::max());
  }

  // --- Work.

  // Starts the task now; it runs on by itself. Its arguments must be values or outlive it.
  void Spawn(Task<void> task);
  // Tasks started by Spawn() that have not finished.
  std::size_t tasks() const { return tasks_; }

  // Runs `work` on the reactor's thread, after what was posted before. Any thread. Work posted to a reactor that does
  // not run any more is dropped when the reactor is destroyed.
  void Post(Mailbox::Work work);

  // Runs it in this turn, after what was queued before.
  void Enqueue(Runnable& runnable) { ready_.PushBack(runnable); }
  // Runs it at the end of this turn: once for all that happened in it. REQUIRES: it is not queued.
  void EnqueueLast(Runnable& runnable) { last_.PushBack(runnable); }

  // Lets all others run first: `co_await reactor.Yield();` goes on in the next turn.
  auto Yield() { return Yielder(*this); }

  // OK when `until` has come, an error if the wait ended before.
  Task<Status> SleepUntil(TimePoint until, Wait wait = {});
  Task<Status> Sleep(Duration duration, Wait wait = {}) { return SleepUntil(After(now_, duration), wait); }

  // --- Time: read once per turn.

  TimePoint Now() const override { return now_; }
  WallTime Wall() const override { return clock_.Wall(); }
  TimerWheel& timers() { return timers_; }

  // --- What belongs to the thread.

  BlockPool& blocks() { return blocks_; }
  Random& random() { return random_; }

  // --- Descriptors, for the rooms that wrap sockets.

  // Edge triggered for the descriptor's whole life: EPOLLIN, EPOLLOUT and EPOLLRDHUP, one epoll_ctl.
  Status Watch(int fd, EventSource& source) {
    return Control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, source);
  }
  // As the caller says; for foreign libraries that need level triggering. `change` an already watched descriptor, or
  // add one.
  Status WatchFor(int fd, std::uint32_t events, bool change, EventSource& source) {
    return Control(change ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, events, source);
  }
  // Drops what has been reported for the source but not yet delivered. Closing the descriptor does the rest; it must be
  // closed right after, or removed by Unwatch.
  void Forget(EventSource& source);
  void Unwatch(int fd, EventSource& source);

 private:
  class Yielder final : public Runnable {
   public:
    explicit Yielder(Reactor& reactor) : reactor_(reactor) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) {
      coroutine_ = coroutine;
      reactor_.next_turn_.PushBack(*this);
    }
    void await_resume() const noexcept {}
    void Run() override { coroutine_.resume(); }

   private:
    Reactor& reactor_;
    std::coroutine_handle<> coroutine_;
  };

  struct MailboxSource final : EventSource {
    explicit MailboxSource(Reactor& reactor) : reactor(reactor) {}
    void OnEvents(std::uint32_t) override { reactor.mail_ = true; }
    Reactor& reactor;
  };

  Reactor(const Clock& clock, std::uint64_t seed, Fd epoll, Fd wakeup);

  static Task<void> SetWhenDone(Task<void> task, bool* done);
  Task<void> Counted(Task<void> task);
  int EpollTimeout(Duration longest) const;
  void Deliver();
  void RunReady();
  void RunLast();
  void Wake();
  Status Control(int operation, int fd, std::uint32_t events, EventSource& source);

  // Events taken per turn; more wait in the kernel for the next one.
  static constexpr int kEventsPerTurn = 256;

  const Clock& clock_;
  TimePoint now_;
  Fd epoll_;
  Fd wakeup_;
  TimerWheel timers_;
  BlockPool blocks_;
  Random random_;
  IntrusiveList<Runnable> ready_;
  IntrusiveList<Runnable> next_turn_;
  IntrusiveList<Runnable> last_;
  Mailbox mailbox_;
  MailboxSource mailbox_source_{*this};
  bool mail_ = false;
  std::atomic<bool> stop_{false};
  std::size_t tasks_ = 0;
  std::array<epoll_event, kEventsPerTurn> events_;
  int event_count_ = 0;
  int next_event_ = 0;
};

}  // namespace penstock::io
