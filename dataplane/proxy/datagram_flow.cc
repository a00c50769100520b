#include "dataplane/proxy/datagram_flow.h"

#include "absl/container/inlined_vector.h"

namespace penstock::proxy {
namespace {

// Batches that move before others get a turn.
constexpr int kTurn = 4;

}  // namespace

Task<void> DatagramFlow::Run(Place& place) {
  moved_ = proxy_.reactor.Now();
  Reason reason = session_.Decide(place);
  if (reason == Reason::kNone) reason = co_await Carry();
  session_.End(reason);
  upstream_ = {};
}

Task<Reason> DatagramFlow::Carry() {
  upstream_ = co_await upstream::DialDatagrams(session_.TakeView(), session_.seed(), Wait{kNoDeadline, &life_});
  session_.Note({.endpoint = upstream_.endpoint(),
                 .endpoints_epoch = upstream_.endpoints_epoch,
                 .tries = upstream_.pool != nullptr ? 1u : 0u,
                 .detail = std::string(upstream_.detail)});
  if (life_.cancelled()) co_return Reason::kShuttingDown;
  if (upstream_.socket == nullptr) co_return upstream_.reason;
  for (const std::string& datagram : waiting_) Forward(datagram);
  waiting_ = {};
  Reason reason = co_await Answer();
  upstream_.socket->Close();
  co_return reason;
}

// Carries answers until the end. That nothing came for a while is how a flow ends well.
Task<Reason> DatagramFlow::Answer() {
  for (int batches = 1;; ++batches) {
    if (batches % kTurn == 0) co_await proxy_.reactor.Yield();
    TimePoint idle = After(moved_, session_.idle_timeout());
    Status readable = co_await upstream_.socket->WaitReadable(Wait{idle, &life_});
    if (IsCancelled(readable)) co_return Reason::kShuttingDown;
    if (!readable.ok()) {
      if (proxy_.reactor.Now() < After(moved_, session_.idle_timeout())) continue;
      co_return Reason::kNone;
    }
    Status received = upstream_.socket->ReceiveNow(room_);
    if (!received.ok()) {
      upstream_.NoteRefused();
      co_return answered_ ? Reason::kUpstreamAborted : Reason::kUpstreamConnectFailed;
    }
    if (room_.size() == 0) continue;
    moved_ = proxy_.reactor.Now();
    answered_ = true;
    absl::InlinedVector<std::string_view, io::DatagramBatch::kMost> answers;
    for (std::size_t i = 0; i < room_.size(); ++i) answers.push_back(room_.bytes(i));
    std::size_t sent = back_.SendBack(answers);
    // Which ones were lost is not told; all but never is one.
    for (std::size_t i = 0; i < sent; ++i) {
      session_.CountOut(answers[i].size());
      session_.CountDatagramOut();
    }
  }
}

void DatagramFlow::Take(std::string_view datagram) {
  moved_ = proxy_.reactor.Now();
  if (upstream_.socket != nullptr) return Forward(datagram);
  if (waiting_.size() < kMostWaiting) waiting_.emplace_back(datagram);
}

void DatagramFlow::Forward(std::string_view datagram) {
  if (upstream_.socket->Send({&datagram, 1}) == 0) return;
  session_.CountIn(datagram.size());
  session_.CountDatagramIn();
}

}  // namespace penstock::proxy
