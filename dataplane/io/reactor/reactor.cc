#include "dataplane/io/reactor/reactor.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "dataplane/base/check.h"

namespace penstock::io {
namespace {

const Clock& TheSystemClock() {
  static constinit const SystemClock clock;
  return clock;
}

}  // namespace

StatusOr<std::unique_ptr<Reactor>> Reactor::Create(Options options) {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return absl::ErrnoToStatus(errno, "epoll_create1");
  Fd wakeup(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wakeup.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  const Clock& clock = options.clock != nullptr ? *options.clock : TheSystemClock();
  std::uint64_t seed = options.seed.has_value() ? *options.seed : SeedFromKernel();
  std::unique_ptr<Reactor> reactor(new Reactor(clock, seed, std::move(epoll), std::move(wakeup)));
  RETURN_IF_ERROR(reactor->Control(EPOLL_CTL_ADD, reactor->wakeup_.get(), EPOLLIN | EPOLLET, reactor->mailbox_source_));
  return reactor;
}

Reactor::Reactor(const Clock& clock, std::uint64_t seed, Fd epoll, Fd wakeup)
    : clock_(clock),
      now_(clock.Now()),
      epoll_(std::move(epoll)),
      wakeup_(std::move(wakeup)),
      timers_(now_),
      random_(seed) {}

Reactor::~Reactor() { PENSTOCK_CHECK(tasks_ == 0, "tasks must have finished before their reactor goes"); }

void Reactor::Run() {
  while (!stop_.load(std::memory_order_relaxed)) Turn(Duration::max());
  stop_.store(false, std::memory_order_relaxed);
}

void Reactor::Stop() {
  stop_.store(true, std::memory_order_relaxed);
  Wake();
}

// Descriptors before timers: after a long stall (a stopped process) data that has arrived wins over deadlines that have
// passed.
void Reactor::Turn(Duration longest) {
  ready_.Splice(next_turn_);
  int count = epoll_wait(epoll_.get(), events_.data(), kEventsPerTurn, EpollTimeout(longest));
  PENSTOCK_CHECK(count >= 0 || errno == EINTR, "epoll_wait fails only on misuse");
  now_ = clock_.Now();
  // Known before anything runs: what is destroyed from here on is taken out of the batch (Forget).
  event_count_ = std::max(count, 0);
  next_event_ = 0;
  RunReady();
  Deliver();
  if (std::exchange(mail_, false)) mailbox_.RunAll();
  RunReady();
  timers_.Advance(now_);
  RunReady();
  if (!last_.empty()) RunLast();
}

// What is queued last from here on is the next turn's.
void Reactor::RunLast() {
  IntrusiveList<Runnable> last;
  last.Splice(last_);
  while (!last.empty()) last.PopFront().Run();
  RunReady();
}

int Reactor::EpollTimeout(Duration longest) const {
  if (!ready_.empty() || !last_.empty() || mail_) return 0;
  TimePoint wake = timers_.NextWake();
  if (wake != kNoDeadline) longest = std::min(longest, std::max(wake - clock_.Now(), Duration::zero()));
  if (longest == Duration::max()) return -1;
  std::int64_t ms = longest / std::chrono::milliseconds(1);
  if (longest % std::chrono::milliseconds(1) != Duration::zero()) ++ms;
  return static_cast<int>(std::min<std::int64_t>(ms, INT_MAX));
}

void Reactor::Deliver() {
  while (next_event_ < event_count_) {
    const epoll_event& event = events_[next_event_++];
    if (event.data.ptr == nullptr) continue;
    static_cast<EventSource*>(event.data.ptr)->OnEvents(event.events);
    RunReady();
  }
  event_count_ = 0;
}

void Reactor::RunReady() {
  while (!ready_.empty()) ready_.PopFront().Run();
}

void Reactor::Post(Mailbox::Work work) {
  if (mailbox_.Post(std::move(work))) Wake();
}

// Edge triggered: every write is a new event, so that the counter need not be read.
void Reactor::Wake() {
  std::uint64_t one = 1;
  ssize_t written = write(wakeup_.get(), &one, sizeof(one));
  PENSTOCK_CHECK(written == sizeof(one), "an eventfd takes 2^64 wake-ups");
}

void Reactor::Spawn(Task<void> task) {
  ++tasks_;
  task_internal::RunDetached(Counted(std::move(task)));
}

Task<void> Reactor::Counted(Task<void> task) {
  co_await std::move(task);
  --tasks_;
}

Task<void> Reactor::SetWhenDone(Task<void> task, bool* done) {
  co_await std::move(task);
  *done = true;
}

Task<Status> Reactor::SleepUntil(TimePoint until, Wait wait) {
  if (until <= now_) co_return absl::OkStatus();
  WaitQueue nobody_wakes;
  bool sleeps_fully = until <= wait.deadline;
  Waiter waiter(*this, nobody_wakes, wait.Until(until));
  Woke woke = co_await waiter;
  if (woke == Woke::kDeadline && sleeps_fully) co_return absl::OkStatus();
  co_return ToStatus(woke, "sleep");
}

Status Reactor::Control(int operation, int fd, std::uint32_t events, EventSource& source) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  if (epoll_ctl(epoll_.get(), operation, fd, &event) != 0) return absl::ErrnoToStatus(errno, "epoll_ctl");
  return absl::OkStatus();
}

void Reactor::Forget(EventSource& source) {
  for (int i = next_event_; i < event_count_; ++i) {
    if (events_[i].data.ptr == &source) events_[i].data.ptr = nullptr;
  }
}

void Reactor::Unwatch(int fd, EventSource& source) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  Forget(source);
}

}  // namespace penstock::io
