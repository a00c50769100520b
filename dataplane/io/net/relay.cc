#include "dataplane/io/net/relay.h"

#include <vector>

#include "dataplane/base/when.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::io {

Relay::Relay(Stream& first, Stream& second, Duration idle, Cancellation* parent, Meter& meter)
    : reactor_(first.reactor()),
      meter_(meter),
      idle_(idle),
      stop_(parent),
      moved_(reactor_.Now()),
      first_(*this, first, second, End::kFirstGone),
      second_(*this, second, first, End::kSecondGone) {}

Task<Relay::End> Relay::Run() {
  first_.from.set_watcher(&first_);
  second_.from.set_watcher(&second_);
  Timer::Arm(reactor_.timers(), After(moved_, idle_));
  std::vector<Task<void>> legs;
  legs.push_back(Copy(first_, second_));
  legs.push_back(Copy(second_, first_));
  co_await WhenAll(std::move(legs));
  Timer::Disarm();
  first_.from.set_watcher(nullptr);
  second_.from.set_watcher(nullptr);
  if (end_ != End::kBoth) {
    first_.from.Reset();
    second_.from.Reset();
  }
  co_return end_;
}

Task<void> Relay::Copy(Leg& leg, Leg& back) {
  Wait wait{kNoDeadline, &stop_};
  for (int chunks = 1;; ++chunks) {
    if (chunks % kBatch == 0) co_await reactor_.Yield();
    StatusOr<Chunk> chunk = co_await leg.from.Read(BlockPool::kLarge, wait);
    if (!chunk.ok()) {
      Stop(IsCancelled(chunk.status()) ? End::kCancelled : leg.gone);
      co_return;
    }
    if (chunk->empty()) break;
    moved_ = reactor_.Now();
    std::string_view pieces[] = {chunk->view()};
    Status written = co_await leg.to.Write(pieces, wait);
    if (!written.ok()) {
      leg.done = true;
      if (IsCancelled(written)) Stop(End::kCancelled);
      Break(back);
      co_return;
    }
    moved_ = reactor_.Now();
    meter_.OnBytes(leg.from, chunk->size());
  }
  co_await EndLeg(leg);
}

// The peer has said all that it wanted to say, or, if it is broken, all that it could.
Task<void> Relay::EndLeg(Leg& leg) {
  leg.done = true;
  if (leg.broken) {
    Stop(leg.gone);
    co_return;
  }
  Status ended = co_await leg.to.ShutdownWrite(Wait{kNoDeadline, &stop_});
  if (ended.ok()) co_return;
  Break(&leg == &first_ ? second_ : first_);
}

// LEG's stream takes nothing any more. What it sent before that is still worth delivering (a server that answers early
// and closes): so who reads it goes on to its end.
void Relay::Break(Leg& leg) {
  leg.broken = true;
  if (leg.done) Stop(leg.gone);
}

// Only the first cause counts.
void Relay::Stop(End end) {
  if (end_ != End::kBoth) return;
  end_ = end;
  stop_.Cancel();
}

void Relay::OnTimer() {
  TimePoint over = After(moved_, idle_);
  if (reactor_.Now() >= over) {
    Stop(End::kIdle);
  } else {
    Timer::Arm(reactor_.timers(), over);
  }
}

}  // namespace penstock::io
