#include "dataplane/downstream/h2_session.h"

#include <algorithm>
#include <utility>

#include "dataplane/downstream/linger.h"
#include "dataplane/snapshot/upgrades.h"

namespace penstock::downstream {
namespace {

using http::h2::ErrorCode;

using http::h2::ExtendedConnect;

http::h2::ServerLimits LimitsOf(const snapshot::ClientSettings& settings, ExtendedConnect extended) {
  const snapshot::Http2Settings& http2 = settings.http2;
  return {.max_concurrent_streams = http2.max_concurrent_streams,
          .stream_window_bytes = http2.stream_window_bytes,
          .connection_window_bytes = http2.connection_window_bytes,
          .glitch_budget = http2.glitch_budget,
          .glitch_refill = http2.glitch_refill,
          .extended_connect = extended,
          .head = {.line_bytes = settings.max_request_line_bytes,
                   .header_bytes = settings.max_header_bytes,
                   .header_count = settings.max_header_count}};
}

// Is there any rule here that lets requests switch to another protocol?
ExtendedConnect Offered(const proxy::Proxy& proxy) {
  return snapshot::OffersUpgrades(*proxy.generation->snapshot) ? ExtendedConnect::kOffered
                                                               : ExtendedConnect::kNotOffered;
}

}  // namespace

H2Session::H2Session(Connection& connection)
    : connection_(connection),
      downstream_(connection.downstream()),
      stream_(connection.stream()),
      reactor_(stream_.reactor()),
      reading_(&downstream_.life()),
      codec_(*this, reactor_, reactor_.blocks(), LimitsOf(connection.settings(), Offered(downstream_.proxy()))),
      output_(reactor_.blocks()),
      defaults_(connection.settings()),
      defaults_serial_(connection.settings_serial()),
      idle_deadline_(After(reactor_.Now(), defaults_.first_byte_timeout)),
      last_received_(reactor_.Now()) {
  if (connection_.cells() != nullptr) connection_.cells()->http2_connections.Add();
}

H2Session::~H2Session() = default;

Task<void> H2Session::Serve() {
  SendSoon();
  if (downstream_.draining()) OnDrain();
  WatchTime();
  co_await ReadFrames();
  CountFailure();
  co_await End();
}

Task<void> H2Session::ReadFrames() {
  size_t most = BlockPool::kMedium;
  while (!IsOver()) {
    StatusOr<Chunk> bytes = co_await stream_.Read(most, Wait{kNoDeadline, &reading_});
    if (!bytes.ok() || bytes->empty()) {
      peer_ended_ = !IsCancelled(bytes.status());
      co_return;
    }
    bool more = bytes->size() == most;
    Receive(*std::move(bytes));
    most = more ? BlockPool::kLarge : BlockPool::kMedium;
    // Whoever uses what came, and the other connections, go first.
    if (more) co_await reactor_.Yield();
  }
}

void H2Session::Receive(Chunk bytes) {
  last_received_ = reactor_.Now();
  pong_deadline_ = kNoDeadline;
  bool greeted = codec_.greeted();
  codec_.Receive(std::move(bytes));
  if (!greeted && codec_.greeted()) idle_deadline_ = After(reactor_.Now(), defaults_.http2.keepalive_timeout);
  HandleArrived();
  CountRequests();
  if (codec_.wants_to_send()) SendSoon();
  WatchTime();
}

void H2Session::CountRequests() {
  telemetry::ListenerCells* cells = connection_.cells();
  if (cells == nullptr) return;
  cells->http2_requests.Add(requests_ - std::exchange(counted_requests_, requests_));
  cells->http2_refused.Add(codec_.refused() - std::exchange(counted_refused_, codec_.refused()));
}

// What came in one piece is known in full before anything of it is handled: a request that was taken back, or that
// turned out to be malformed, or whose connection failed behind it, costs no upstream anything.
void H2Session::HandleArrived() {
  std::vector<std::unique_ptr<H2Stream>> arrived = std::exchange(arrived_, {});
  bool failed = codec_.failure() != ErrorCode::kNoError;
  if (!arrived.empty()) RefreshDefaults();
  for (std::unique_ptr<H2Stream>& stream : arrived) {
    if (failed) stream->OnLost();
    if (stream->ready()) {
      stream->OnHandled();
      reactor_.Spawn(Handle(std::move(stream)));
    } else if (stream->closed()) {
      stream.reset();
      OnStreamEnd();
    } else {
      arrived_.push_back(std::move(stream));
    }
  }
}

Task<void> H2Session::Handle(std::unique_ptr<H2Stream> stream) {
  co_await proxy::HandleRequest(downstream_.proxy(), *stream);
  stream->Finish();
  stream.reset();
  OnStreamEnd();
}

void H2Session::OnStreamEnd() {
  --live_;
  if (live_ > 0) return;
  idle_deadline_ = After(reactor_.Now(), defaults_.http2.keepalive_timeout);
  changed_.WakeAll();
  WatchTime();
}

bool H2Session::IsOver() const { return broken_ || codec_.finished() || codec_.failure() != ErrorCode::kNoError; }

http::h2::RequestStream* H2Session::OnRequest() {
  // The codec counts what is open; what was taken back is still live until it has unwound.
  if (live_ >= 2 * connection_.settings().http2.max_concurrent_streams) return nullptr;
  ++requests_;
  RefreshDefaults();
  if (!MayServeMore()) OnDrain();
  arrived_.push_back(std::make_unique<H2Stream>(static_cast<H2Stream::Owner&>(*this), connection_, defaults_));
  ++live_;
  streams_.PushBack(*arrived_.back());
  return arrived_.back().get();
}

// For requests behind this one.
bool H2Session::MayServeMore() const {
  return requests_ < defaults_.max_requests_per_connection &&
         downstream_.proxy().Listeners(connection_.place()) != nullptr;
}

void H2Session::RefreshDefaults() {
  proxy::Proxy& proxy = downstream_.proxy();
  if (defaults_serial_ == proxy.serial || proxy.Listeners(connection_.place()) == nullptr) return;
  defaults_ = connection_.FollowGeneration().client;
  defaults_serial_ = proxy.serial;
  if (Offered(proxy) == ExtendedConnect::kOffered) codec_.OfferExtendedConnect();
}

// --- Writing.

void H2Session::SendSoon() {
  if (!writing_ && !io::Runnable::linked()) reactor_.EnqueueLast(*this);
}

void H2Session::Run() {
  if (!writing_ && !broken_) Write();
}

void H2Session::Write() {
  codec_.Send(output_);
  if (output_.empty()) return OnWritten(absl::OkStatus());
  Wait wait{After(reactor_.Now(), defaults_.stream_idle_timeout), &downstream_.life()};
  Task<Status> writing = stream_.Write(output_.pieces(), wait);
  if (writing.ready()) return OnWritten(std::move(writing).TakeReady());
  writing_ = true;
  reactor_.Spawn(FinishWrite(std::move(writing)));
}

Task<void> H2Session::FinishWrite(Task<Status> writing) {
  Status status = co_await std::move(writing);
  writing_ = false;
  OnWritten(status);
}

void H2Session::OnWritten(const Status& status) {
  output_.Clear();
  broken_ |= !status.ok();
  if (status.ok() && std::exchange(responses_end_, false)) {
    streams_.ForEach([](H2Stream& stream) { stream.OnWritten(); });
  }
  if (!broken_ && codec_.wants_to_send()) SendSoon();
  if (IsOver()) reading_.Cancel();
  changed_.WakeAll();
}

// --- The end.

void H2Session::CountFailure() {
  telemetry::ListenerCells* cells = connection_.cells();
  if (cells == nullptr || codec_.failure() == ErrorCode::kNoError) return;
  if (too_slow_) return cells->client_timeouts.Add();
  bool flood = codec_.failure() == ErrorCode::kEnhanceYourCalm;
  (flood ? cells->http2_floods : cells->http2_errors).Add();
}

Task<void> H2Session::End() {
  broken_ |= stream_.gone();
  // Who is cancelled by the end of the drain says so by itself.
  if (!downstream_.life().cancelled()) streams_.ForEach([](H2Stream& stream) { stream.OnLost(); });
  for (std::unique_ptr<H2Stream>& stream : std::exchange(arrived_, {})) {
    codec_.Forget(*stream);
    stream.reset();
    OnStreamEnd();
  }
  co_await WaitForStreams();
  patience_.Disarm();
  TimePoint until = After(reactor_.Now(), kLingerTime);
  co_await WaitForLastWords(until);
  if (!broken_ && !peer_ended_) co_await Linger(stream_, kMaxLinger, Wait{until, &downstream_.life()});
  stream_.Close();
  while (writing_) {
    io::Waiter waiter(reactor_, changed_, Wait{});
    co_await waiter;
  }
  io::Runnable::Unlink();
}

Task<void> H2Session::WaitForStreams() {
  while (live_ > 0) {
    io::Waiter waiter(reactor_, changed_, Wait{});
    co_await waiter;
  }
}

// At once: at the end of a drain there is no other turn.
Task<void> H2Session::WaitForLastWords(TimePoint until) {
  io::Runnable::Unlink();
  if (!writing_ && !broken_) Write();
  while (!broken_ && (writing_ || io::Runnable::linked())) {
    io::Waiter waiter(reactor_, changed_, Wait{until, &downstream_.life()});
    io::Woke woke = co_await waiter;
    if (woke != io::Woke::kEvent) broken_ = true;
  }
}

// --- Time.

void H2Session::OnDrain() {
  if (draining_) return;
  draining_ = true;
  codec_.AnnounceShutdown();
  // Its answer says that the client knows: nothing is on its way any more that it would not resend.
  codec_.Ping();
  shutdown_at_ = After(reactor_.Now(), Downstream::kIdleInDrain);
  SendSoon();
  WatchTime();
}

void H2Session::OnPong() {
  if (!draining_) return;
  codec_.Shutdown(ErrorCode::kNoError);
  SendSoon();
}

TimePoint H2Session::HeaderDeadline() const {
  TimePoint began = codec_.header_block_began();
  return began == kNoDeadline ? began : After(began, defaults_.request_headers_timeout);
}

TimePoint H2Session::PingTime() const {
  Duration interval = defaults_.http2.ping_interval;
  if (interval == Duration(0) || pong_deadline_ != kNoDeadline) return kNoDeadline;
  return After(last_received_, interval);
}

TimePoint H2Session::NextPatience() const {
  TimePoint next = std::min({HeaderDeadline(), PingTime(), pong_deadline_});
  if (live_ == 0) next = std::min(next, idle_deadline_);
  if (!draining_) next = std::min(next, connection_.max_age());
  if (draining_ && !codec_.shut_down()) next = std::min(next, shutdown_at_);
  return next;
}

// Moves the timer only where it would fire too late.
void H2Session::WatchTime() {
  TimePoint next = NextPatience();
  if (patience_.armed() && patience_ends_ <= next) return;
  patience_ends_ = next;
  patience_.Arm(reactor_.timers(), next);
}

void H2Session::OnTimer() {
  TimePoint now = reactor_.Now();
  bool dead = now >= pong_deadline_;
  too_slow_ = now >= HeaderDeadline();
  if (too_slow_) codec_.Fail(ErrorCode::kEnhanceYourCalm);
  if (now >= PingTime()) {
    codec_.Ping();
    pong_deadline_ = After(now, kPingTimeout);
  }
  if (now >= connection_.max_age()) OnDrain();
  bool idle = live_ == 0 && now >= idle_deadline_;
  if (idle || now >= shutdown_at_) codec_.Shutdown(ErrorCode::kNoError);
  broken_ |= dead;
  if (dead || idle || codec_.failure() != ErrorCode::kNoError) reading_.Cancel();
  SendSoon();
  WatchTime();
}

}  // namespace penstock::downstream
