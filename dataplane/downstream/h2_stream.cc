#include "dataplane/downstream/h2_stream.h"

#include <utility>

#include "dataplane/downstream/connection.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/http/websocket/handshake.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::downstream {
namespace {

using http::h2::Error;
using http::h2::ErrorCode;

Reason ReasonOf(Error error) {
  switch (http::h2::StatusOf(error)) {
    case 414:
      return Reason::kRequestLineTooLong;
    case 417:
      return Reason::kExpectationFailed;
    case 431:
      return Reason::kHeadersTooLarge;
    case 501:
      return Reason::kUnsupportedMethod;
    default:
      return error == Error::kAuthority ? Reason::kBadHost : Reason::kBadRequest;
  }
}

// What RFC 9113 8.1.1 calls malformed; beyond a limit of ours is something else.
bool IsMalformed(Error error) { return http::h2::StatusOf(error) == 400; }

Status Gone() { return absl::UnavailableError("the client is gone"); }

}  // namespace

H2Stream::H2Stream(Owner& owner, Connection& connection, const snapshot::ClientSettings& defaults)
    : owner_(owner),
      connection_(connection),
      reactor_(connection.stream().reactor()),
      request_(&connection.downstream().life()),
      body_(reactor_, *this),
      exchange_(connection.downstream().exchanges().Get()) {
  connection_.Begin(*exchange_, request_);
  Apply(defaults);
}

H2Stream::~H2Stream() = default;

proxy::Place& H2Stream::place() { return connection_.place(); }
std::string_view H2Stream::scheme() const { return connection_.scheme(); }

void H2Stream::Apply(const snapshot::ClientSettings& settings) {
  body_.Apply(settings);
  idle_ = settings.stream_idle_timeout;
  rate_ = MinRate(settings.min_body_rate, settings.response_rate_grace());
}

http::Headers& H2Stream::Trailers() {
  if (trailers_ == nullptr) trailers_ = &exchange_->Own<http::Headers>();
  return *trailers_;
}

void H2Stream::OnHead(Error error) {
  head_done_ = true;
  Exchange& x = *exchange_;
  x.time.head_received = reactor_.Now();
  x.request_body = &body_;
  body_.Begin(x);
  connect_ = !x.request.upgrade.empty();
  if (error == Error::kNone) return;
  malformed_ = IsMalformed(error);
  Refuse(ReasonOf(error), http::h2::Text(error));
}

// HandleRequest answers for the reason.
void H2Stream::Refuse(Reason reason, std::string_view detail) {
  Exchange& x = *exchange_;
  if (x.reason != Reason::kNone) return;
  x.reason = reason;
  x.detail = detail;
}

void H2Stream::OnContent(Chunk content) { body_.Push(reactor_.blocks(), std::move(content)); }

void H2Stream::OnUsed(size_t bytes) {
  owner_.codec().Consume(*this, bytes);
  if (owner_.codec().wants_to_send()) owner_.SendSoon();
}

// Trailers of requests would be a way to smuggle fields past policies, which saw and changed the head. Requests of gRPC
// have none either (its protocol over HTTP/2: Request).
void H2Stream::OnEnd(bool) { body_.End(); }

void H2Stream::OnMalformed(Error error) {
  malformed_ = true;
  body_.Fail(Reason::kBodyMalformed, http::h2::Text(error));
  if (!handled_) return Refuse(Reason::kBodyMalformed, http::h2::Text(error));
  if (!started_) return;
  // It is too late for another answer.
  Refuse(Reason::kBodyMalformed, http::h2::Text(error));
  owner_.codec().Reset(*this, ErrorCode::kProtocolError);
  owner_.SendSoon();
  OnLost();
}

void H2Stream::OnReset(ErrorCode) {
  if (!handled_) Refuse(Reason::kClientGone, "the client took the request back");
  OnLost();
}

void H2Stream::OnLost() {
  // A tunnel of which both sides have ended: what the client sent last may still be on its way.
  if (tunnel_ && written_ && received()) return;
  if (!handled_) Refuse(Reason::kClientGone, "the connection ended");
  gone_ = true;
  request_.Cancel();
}

Task<Status> H2Stream::SendContinue() {
  http::ResponseHead head;
  head.status = 100;
  return WriteInformational(head);
}

Task<Status> H2Stream::WriteInformational(const http::ResponseHead& head) {
  if (gone_) return Gone();
  if (!started_ && owner_.codec().SendInformational(*this, head)) owner_.SendSoon();
  return Status();
}

Status H2Stream::StartResponse(bool close) {
  Exchange& x = *exchange_;
  if (close && x.reason == Reason::kMisdirected) owner_.EndSoon();
  if (connect_) {
    if (x.response.framing.kind == http::Framing::Kind::kTunnel) {
      BeginTunnel();
    } else if (x.response.status / 100 == 2) {
      return absl::UnimplementedError("a success would grant the tunnel that there is not");
    }
  }
  if (!owner_.codec().CanSend(x.response)) {
    return absl::InternalError("the response's head holds a byte that no head may hold");
  }
  framing_ = x.request.method == http::Method::kHead ? http::Framing() : x.response.framing;
  left_ = framing_.length;
  staged_ = true;
  return absl::OkStatus();
}

// RFC 8441 5: what HTTP/1 says by 101 and its fields, HTTP/2 says by 200.
void H2Stream::BeginTunnel() {
  tunnel_ = true;
  http::ResponseHead& head = exchange_->response;
  head.status = 200;
  head.headers.Remove(http::websocket::kAcceptField);
  body_.BeginTunnel();
  idle_ = kNoDeadline.time_since_epoch();
  rate_ = MinRate();
}

void H2Stream::SendStaged() {
  owner_.SendSoon();
  if (!std::exchange(staged_, false)) return;
  started_ = true;
  // A malformed request's response is not ended, but reset (RFC 9113 8.1.1).
  ended_ = !framing_.HasBody() && !malformed_;
  bool valid = owner_.codec().SendHead(*this, exchange_->response, ended_);
  PENSTOCK_CHECK(valid, "StartResponse has seen it");
}

Task<Status> H2Stream::Write(Chunk chunk) {
  if (gone_) return Gone();
  bool fits = framing_.kind != http::Framing::Kind::kNone &&
              (framing_.kind != http::Framing::Kind::kLength || chunk.size() <= left_);
  if (!fits) return Status(absl::InternalError("more content than the head promised"));
  if (framing_.kind == http::Framing::Kind::kLength) left_ -= chunk.size();
  size_t size = chunk.size();
  SendStaged();
  owner_.codec().SendContent(*this, std::move(chunk));
  bool last = framing_.kind == http::Framing::Kind::kLength && left_ == 0;
  if (unsent() >= kMaxUnsent && !last) return WaitUntilTaken();
  rate_.Moved(size, Duration(0));
  return Status();
}

Task<Status> H2Stream::Flush() {
  if (gone_) return Gone();
  SendStaged();
  return Status();
}

Task<Status> H2Stream::End(const http::Headers* trailers) {
  if (gone_) return Gone();
  if (framing_.kind == http::Framing::Kind::kLength && left_ != 0) {
    return Status(absl::InternalError("less content than the head promised"));
  }
  SendStaged();
  if (!ended_) {
    if (malformed_) {
      owner_.codec().EndWithReset(*this, ErrorCode::kProtocolError);
    } else {
      owner_.codec().EndContent(*this, trailers);
    }
  }
  return WaitUntilWritten();
}

// A tunnel that is ended from here: its end is on its way.
bool H2Stream::SaysFarewell() const { return tunnel_ && !gone_ && exchange_->cancellation().cancelled(); }

Wait H2Stream::WaitNow() const {
  TimePoint now = reactor_.Now();
  if (SaysFarewell()) return Wait{After(now, kFarewellTime), nullptr};
  return Wait{After(now, idle_), &exchange_->cancellation()}.Until(rate_.Deadline(now));
}

// Back-pressure: the peer's window or the connection is full.
Task<Status> H2Stream::WaitUntilTaken() {
  while (unsent() >= kMaxUnsent && !gone_) {
    TimePoint began = reactor_.Now();
    size_t before = unsent();
    io::Waiter waiter(reactor_, writer_, WaitNow());
    io::Woke woke = co_await waiter;
    rate_.Moved(before - unsent(), reactor_.Now() - began);
    if (woke != io::Woke::kEvent && !gone_) co_return io::ToStatus(woke, "response");
  }
  co_return gone_ ? Gone() : absl::OkStatus();
}

Task<Status> H2Stream::WaitUntilWritten() {
  while (!written_ && !gone_) {
    TimePoint began = reactor_.Now();
    size_t before = unsent();
    io::Waiter waiter(reactor_, writer_, WaitNow());
    io::Woke woke = co_await waiter;
    rate_.Moved(before - unsent(), reactor_.Now() - began);
    if (woke == io::Woke::kEvent || written_ || gone_) continue;
    if (woke == io::Woke::kCancelled && SaysFarewell()) continue;
    // The trailers are not the codec's to look at from here on.
    owner_.codec().Reset(*this, ErrorCode::kCancel);
    owner_.SendSoon();
    co_return io::ToStatus(woke, "response");
  }
  co_return gone_ && !written_ ? Gone() : absl::OkStatus();
}

void H2Stream::OnTaken() {
  if (unsent() < kMaxUnsent) writer_.WakeOne();
}

void H2Stream::OnSent() {
  sent_all_ = true;
  owner_.OnResponseEnds();
  // The other side of a tunnel goes on.
  if (!received() && !tunnel_) owner_.codec().Reset(*this, ErrorCode::kNoError);
}

void H2Stream::OnWritten() {
  if (!sent_all_ || written_) return;
  written_ = true;
  writer_.WakeOne();
}

void H2Stream::Abort() {
  bool cancel = tunnel_ || exchange_->reason == Reason::kClientTooSlow;
  owner_.codec().Reset(*this, cancel ? ErrorCode::kCancel : ErrorCode::kInternalError);
  owner_.SendSoon();
}

void H2Stream::Finish() {
  http::h2::ServerConnection& codec = owner_.codec();
  if (!sent_all_) codec.Reset(*this, ErrorCode::kInternalError);
  if (tunnel_) codec.Reset(*this, ErrorCode::kCancel);
  codec.Consume(*this, body_.unused());
  body_.Drop();
  codec.Forget(*this);
  owner_.SendSoon();
}

}  // namespace penstock::downstream
