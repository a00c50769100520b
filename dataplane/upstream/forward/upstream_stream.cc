#include "dataplane/upstream/forward/upstream_stream.h"

#include <utility>

namespace penstock::upstream {

using Sent = TryResult::Sent;

UpstreamStream::UpstreamStream(Exchange& x, ViewRef view, StreamPlace place, bool reused, Lease request)
    : Try(x, std::move(view), std::move(request)),
      reactor_(view_->cluster().reactor()),
      place_(std::move(place)),
      reused_(reused),
      received_before_(place_->received()),
      stop_(&x.cancellation()),
      stream_(x, reactor_.blocks()),
      upload_(*place_, stream_, x.request.framing, view_->settings().stream_idle_timeout, reactor_, &x.cancellation(),
              cells()) {
  cells().requests_active.Add(1);
}

UpstreamStream::~UpstreamStream() { Release(); }

Task<TryResult> UpstreamStream::Run(ReplayBody* body, InformationalSink* informational, TimePoint deadline,
                                    Duration timeout) {
  x_.response.Clear();
  // HTTP/2 has no Upgrade (RFC 9113 8.2.2), and without it the request would mean something else.
  if (!x_.request.upgrade.empty()) return TryResult{Reason::kUpgradeUnsupported, Sent::kDoNotRepeat};
  stream_.set_keep_informational(informational != nullptr);
  switch (place_->Begin(stream_, x_.request, body == nullptr)) {
    case MultiplexedConnection::Begun::kLost:
      return TryResult{Reason::kUpstreamReset, Sent::kNothing};
    case MultiplexedConnection::Begun::kInvalidHead:
      return TryResult{Reason::kInternalError, Sent::kDoNotRepeat};
    case MultiplexedConnection::Begun::kYes:
      break;
  }
  asked_ = true;
  if (body != nullptr) upload_.Start(*body, stop_);
  return ReadHead(informational, {deadline, timeout, x_.firm_deadline});
}

Task<TryResult> UpstreamStream::ReadHead(InformationalSink* informational, HeadTime time) {
  while (true) {
    while (const http::ResponseHead* head = stream_.TakeInformational()) {
      Status passed = co_await informational->Send(*head);
      if (!passed.ok()) co_return TryResult{Reason::kClientGone, Sent::kDoNotRepeat};
    }
    if (stream_.head_done()) break;
    if (stop_.cancelled()) co_return TryResult{Reason::kClientGone, Sent::kDoNotRepeat};
    if (stream_.end() != StreamReceiver::End::kNone) co_return AfterEnd();
    TimePoint until = WaitForHead(time, Upload(), reactor_.Now());
    io::Waiter waiter(reactor_, stream_.arrived(), Wait{until, &stop_});
    io::Woke woke = co_await waiter;
    if (woke == io::Woke::kDeadline && !HasMoreTime(time, Upload(), reactor_.Now())) co_return AfterTimeout();
  }
  stream_.ShowFinalHead();
  co_return TryResult{};
}

// A connection on which nothing at all came meanwhile may be dead: others should not wait on it too.
TryResult UpstreamStream::AfterTimeout() {
  if (place_->received() == received_before_) place_->Retire();
  return {Reason::kUpstreamTimeout, Sent::kPerhaps};
}

TryResult UpstreamStream::AfterEnd() {
  x_.detail = stream_.detail();
  switch (stream_.end()) {
    case StreamReceiver::End::kRefused:
      return {Reason::kUpstreamReset, Sent::kNothing};
    case StreamReceiver::End::kMalformed:
      return {Reason::kUpstreamInvalid, Sent::kDoNotRepeat};
    case StreamReceiver::End::kLost:
      return AfterLoss();
    default:
      return {Reason::kUpstreamReset, Sent::kPerhaps};
  }
}

TryResult UpstreamStream::AfterLoss() {
  if (!place_->refusal().empty()) return {Reason::kUpstreamTlsFailed, Sent::kNothing};
  if (!stream_.begun()) return {Reason::kUpstreamReset, Sent::kNothing};
  bool idle_race = reused_ && place_->received() == received_before_;
  return {Reason::kUpstreamReset, idle_race ? Sent::kOnIdle : Sent::kPerhaps};
}

Task<StatusOr<Chunk>> UpstreamStream::Read() {
  GiveBack();
  StatusOr<Chunk> out = Chunk();
  if (TakeArrived(out)) return out;
  return ReadMore();
}

// Only now the chunk that was read last is used: it and what waits behind it are a window's worth together.
void UpstreamStream::GiveBack() {
  if (lent_ == 0) return;
  place_->codec().Consume(stream_, std::exchange(lent_, 0));
  if (place_->codec().wants_to_send()) place_->SendSoon();
}

// Content that is here already, the end, or an error; false if more must come.
bool UpstreamStream::TakeArrived(StatusOr<Chunk>& out) {
  if (stop_.cancelled()) {
    out = absl::CancelledError("nobody wants the rest");
    return true;
  }
  http::h2::ChunkQueue& content = stream_.content();
  if (!content.empty()) {
    Chunk chunk = content.Pop(BlockPool::kLarge);
    cells().response_bytes.Add(chunk.size());
    lent_ = chunk.size();
    out = std::move(chunk);
    return true;
  }
  if (stream_.end() == StreamReceiver::End::kNone) return false;
  if (stream_.end() != StreamReceiver::End::kComplete) {
    Status broken =
        failed_ ? absl::AbortedError("the response broke off") : Broken(Reason::kUpstreamAborted, stream_.detail());
    bool malformed = stream_.end() == StreamReceiver::End::kMalformed;
    out = malformed ? absl::DataLossError(broken.message()) : broken;
  }
  return true;
}

Task<StatusOr<Chunk>> UpstreamStream::ReadMore() {
  while (true) {
    Wait wait{After(reactor_.Now(), view_->settings().stream_idle_timeout), &stop_};
    io::Waiter waiter(reactor_, stream_.arrived(), wait);
    io::Woke woke = co_await waiter;
    if (woke == io::Woke::kDeadline) co_return Broken(Reason::kUpstreamIdle, "the response broke off");
    StatusOr<Chunk> out = Chunk();
    if (TakeArrived(out)) co_return out;
  }
}

Task<void> UpstreamStream::Finish() {
  if (!upload_.running()) {
    Release();
    return Task<void>();
  }
  return StopAndRelease();
}

Task<void> UpstreamStream::StopAndRelease() {
  co_await upload_.Stop();
  Release();
}

// What nobody read is given back too: the window is the connection's.
void UpstreamStream::Release() {
  if (!place_.ok()) return;
  cells().requests_active.Add(-1);
  place_->codec().Consume(stream_, stream_.content().bytes() + std::exchange(lent_, 0));
  stream_.content().Clear();
  place_->Leave(stream_);
  place_.Release();
  request_.Release();
}

}  // namespace penstock::upstream
