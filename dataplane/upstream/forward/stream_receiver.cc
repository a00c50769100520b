#include "dataplane/upstream/forward/stream_receiver.h"

#include "dataplane/http/hop_by_hop.h"

namespace penstock::upstream {

const http::ResponseHead* StreamReceiver::TakeInformational() {
  return next_informational_ < informational_.size() ? informational_[next_informational_++] : nullptr;
}

void StreamReceiver::ShowFinalHead() {
  if (head_ == &x_.response) return;
  x_.response.status = head_->status;
  x_.response.version = head_->version;
  x_.response.framing = head_->framing;
  x_.response.declared_length = head_->declared_length;
  x_.response.headers.CopyFrom(head_->headers);
}

http::Headers& StreamReceiver::Trailers() {
  if (trailers_ == nullptr) trailers_ = &x_.Own<http::Headers>();
  return *trailers_;
}

// The next head may come before anybody has looked at this one.
void StreamReceiver::OnInformational() {
  if (!keep_informational_ || head_->status == 100) return;
  informational_.push_back(head_);
  head_ = &x_.Own<http::ResponseHead>();
  arrived_.WakeAll();
}

void StreamReceiver::OnHead() {
  head_done_ = true;
  arrived_.WakeAll();
}

void StreamReceiver::OnContent(Chunk content) {
  content_.Push(blocks_, std::move(content));
  arrived_.WakeAll();
}

void StreamReceiver::OnEnd(bool trailers) {
  if (trailers) http::StripTrailers(*trailers_);
  has_trailers_ = trailers;
  EndAs(End::kComplete, "");
}

void StreamReceiver::OnReset(http::h2::ErrorCode code) {
  bool window = code == http::h2::ErrorCode::kFlowControlError;
  EndAs(End::kReset, window ? "the stream was reset: a window was exceeded" : "the upstream reset the stream");
}

void StreamReceiver::OnLost(std::string_view why) {
  taken_.WakeAll();
  if (end_ == End::kNone) EndAs(End::kLost, why);
}

void StreamReceiver::EndAs(End end, std::string_view detail) {
  end_ = end;
  detail_ = detail;
  arrived_.WakeAll();
}

}  // namespace penstock::upstream
