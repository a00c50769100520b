#include "dataplane/downstream/h1_body.h"

#include <algorithm>

#include "dataplane/io/reactor/reactor.h"

namespace penstock::downstream {

void H1Body::Begin(Exchange& x, const http::h1::HeadLimits& limits) {
  x_ = &x;
  reading_.emplace(&x.cancellation());
  until_ = kNoDeadline;
  framing_ = x.request.framing;
  left_ = framing_.length;
  complete_ = !framing_.HasBody();
  broken_ = false;
  asked_ = !x.request.expect_continue;
  if (framing_.kind == http::Framing::Kind::kChunked) decoder_.Reset(limits);
}

void H1Body::BeginTunnel() {
  framing_ = {http::Framing::Kind::kTunnel};
  left_ = UINT64_MAX;
  complete_ = false;
  idle_ = kNoDeadline.time_since_epoch();
  rate_ = MinRate();
}

void H1Body::Cancel() {
  if (reading_.has_value()) reading_->Cancel();
}

void H1Body::Resume(TimePoint until) {
  reading_.emplace(&x_->cancellation());
  until_ = until;
}

void H1Body::Apply(const snapshot::ClientSettings& settings) {
  max_ = settings.max_request_body_bytes;
  idle_ = settings.stream_idle_timeout;
  rate_ = MinRate(settings.min_body_rate, settings.min_rate_grace);
}

Task<StatusOr<Chunk>> H1Body::Read() {
  if (complete_) return StatusOr<Chunk>(Chunk());
  if (reading_->cancelled()) return StatusOr<Chunk>(absl::CancelledError("nobody wants the content"));
  if (input_.empty()) return ReadMore();
  asked_ = true;  // content that is here already needs no invitation
  StatusOr<Chunk> chunk = Take();
  if (!chunk.ok() || !chunk->empty() || complete_) return Task<StatusOr<Chunk>>(std::move(chunk));
  return ReadMore();
}

uint64_t H1Body::left() const {
  if (complete_) return 0;
  return framing_.kind == http::Framing::Kind::kLength ? left_ : UINT64_MAX;
}

Task<StatusOr<Chunk>> H1Body::ReadMore() {
  if (!asked_) {
    asked_ = true;
    Status told = co_await continuer_.SendContinue();
    if (!told.ok()) co_return FailedRead(told);
  }
  io::Reactor& reactor = stream_.reactor();
  while (true) {
    TimePoint began = reactor.Now();
    Wait wait = Wait{After(began, idle_), &*reading_}.Until(rate_.Deadline(began)).Until(until_);
    size_t max = static_cast<size_t>(std::min<uint64_t>(left(), BlockPool::kLarge));
    StatusOr<Chunk> bytes = co_await stream_.Read(max, wait);
    if (!bytes.ok()) co_return FailedRead(bytes.status());
    if (bytes->empty()) co_return AtEnd();
    rate_.Moved(bytes->size(), reactor.Now() - began);
    input_ = *std::move(bytes);
    StatusOr<Chunk> chunk = Take();
    if (!chunk.ok() || !chunk->empty() || complete_) co_return chunk;
  }
}

// The client has ended its side of the connection: that is the end of a tunnel, and of nothing else.
StatusOr<Chunk> H1Body::AtEnd() {
  if (framing_.kind != http::Framing::Kind::kTunnel) {
    return Fail(Reason::kClientGone, "the client ended the connection inside the content");
  }
  complete_ = true;
  return Chunk();
}

// The next content out of `input`; empty if more input is needed or the content is complete.
StatusOr<Chunk> H1Body::Take() {
  if (framing_.kind == http::Framing::Kind::kChunked) return TakeChunked();
  size_t n = static_cast<size_t>(std::min<uint64_t>(left_, input_.size()));
  left_ -= n;
  complete_ = left_ == 0;
  x_->bytes_in += n;
  return input_.SplitFront(n);
}

StatusOr<Chunk> H1Body::TakeChunked() {
  while (!input_.empty()) {
    http::h1::ChunkedDecoder::Step step = decoder_.Next(input_.view());
    if (step.progress == http::h1::Progress::kError) return Fail(Reason::kBodyMalformed, Text(decoder_.error()));
    Chunk content;
    if (!step.data.empty()) {
      // The data is the end of what was consumed.
      input_.RemovePrefix(step.consumed - step.data.size());
      content = input_.SplitFront(step.data.size());
    } else {
      input_.RemovePrefix(step.consumed);
    }
    complete_ = step.progress == http::h1::Progress::kDone;
    if (content.empty() && !complete_) continue;
    x_->bytes_in += content.size();
    if (max_ != 0 && x_->bytes_in > max_) return Fail(Reason::kBodyTooLarge, "more content than the limit");
    return content;
  }
  return Chunk();
}

Status H1Body::FailedRead(const Status& status) {
  if (IsTimeout(status)) return Fail(Reason::kRequestTimeout, "the content came too slowly");
  // Nothing was taken off the connection: it can be read on.
  if (IsCancelled(status)) return status;
  return Fail(Reason::kClientGone, "the client broke the connection inside the content");
}

Status H1Body::Fail(Reason reason, std::string_view detail) {
  broken_ = true;
  if (x_->reason == Reason::kNone) {
    x_->reason = reason;
    x_->detail = detail;
  }
  return absl::DataLossError(absl::string_view(detail.data(), detail.size()));
}

}  // namespace penstock::downstream
