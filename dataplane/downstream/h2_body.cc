#include "dataplane/downstream/h2_body.h"

#include <utility>

#include "dataplane/io/reactor/reactor.h"

namespace penstock::downstream {

void H2Body::Begin(Exchange& x) {
  x_ = &x;
  reading_.emplace(&x.cancellation());
  asked_ = !x.request.expect_continue;
}

void H2Body::Apply(const snapshot::ClientSettings& settings) {
  max_ = settings.max_request_body_bytes;
  idle_ = settings.stream_idle_timeout;
  rate_ = MinRate(settings.min_body_rate, settings.min_rate_grace);
}

void H2Body::BeginTunnel() {
  max_ = 0;
  idle_ = kNoDeadline.time_since_epoch();
  rate_ = MinRate();
}

void H2Body::Push(BlockPool& pool, Chunk chunk) {
  asked_ = true;  // content that is here already needs no invitation
  queue_.Push(pool, std::move(chunk));
  reader_.WakeOne();
}

void H2Body::End() {
  ended_ = true;
  reader_.WakeOne();
}

void H2Body::Fail(Reason reason, std::string_view detail) {
  if (failure_ != Reason::kNone) return;
  failure_ = reason;
  detail_ = detail;
  reader_.WakeOne();
}

void H2Body::Cancel() {
  if (reading_.has_value()) reading_->Cancel();
}

Task<StatusOr<Chunk>> H2Body::Read() {
  GiveBack();
  if (failure_ != Reason::kNone) return StatusOr<Chunk>(SetReason(failure_, detail_));
  if (reading_->cancelled()) return StatusOr<Chunk>(absl::CancelledError("nobody wants the content"));
  if (queue_.empty() && !ended_) return ReadLater();
  return Take();
}

// The chunk that was read last is used.
void H2Body::GiveBack() {
  if (lent_ > 0) source_.OnUsed(std::exchange(lent_, 0));
}

// The next content; an empty chunk at its end.
StatusOr<Chunk> H2Body::Take() {
  if (queue_.empty()) return Chunk();
  Chunk chunk = queue_.Pop(BlockPool::kLarge);
  rate_.Moved(chunk.size(), Duration(0));
  lent_ = chunk.size();
  x_->bytes_in += chunk.size();
  if (max_ == 0 || x_->bytes_in <= max_) return chunk;
  Fail(Reason::kBodyTooLarge, "more content than the limit");
  return SetReason(failure_, detail_);
}

Task<StatusOr<Chunk>> H2Body::ReadLater() {
  if (!asked_) {
    asked_ = true;
    Status told = co_await source_.SendContinue();
    if (!told.ok()) co_return SetReason(Reason::kClientGone, "the client is gone");
  }
  while (queue_.empty() && !ended_ && failure_ == Reason::kNone) {
    TimePoint began = reactor_.Now();
    io::Waiter waiter(reactor_, reader_, Wait{After(began, idle_), &*reading_}.Until(rate_.Deadline(began)));
    io::Woke woke = co_await waiter;
    rate_.Moved(0, reactor_.Now() - began);
    if (woke == io::Woke::kCancelled) co_return absl::CancelledError("nobody wants the content");
    if (woke == io::Woke::kDeadline && queue_.empty() && !ended_) {
      Fail(Reason::kRequestTimeout, "the content came too slowly");
    }
  }
  if (failure_ != Reason::kNone) co_return SetReason(failure_, detail_);
  co_return Take();
}

Status H2Body::SetReason(Reason reason, std::string_view detail) {
  if (x_->reason == Reason::kNone) {
    x_->reason = reason;
    x_->detail = detail;
  }
  return absl::DataLossError(absl::string_view(detail.data(), detail.size()));
}

}  // namespace penstock::downstream
