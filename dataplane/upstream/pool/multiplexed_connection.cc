#include "dataplane/upstream/pool/multiplexed_connection.h"

#include <algorithm>

#include "dataplane/upstream/pool/endpoint_pool.h"

namespace penstock::upstream {

using http::h2::ErrorCode;

namespace {

http::h2::ClientLimits LimitsOf(const snapshot::UpstreamSettings& settings) {
  http::h2::ClientLimits limits;
  limits.head.header_bytes = settings.max_response_header_bytes;
  limits.head.header_count = settings.max_response_header_count;
  // What all streams may hold, and as much again: the codec gives the window back by halves. So clients that do not
  // read hold up nobody else's response.
  limits.connection_window_bytes = 2 * limits.max_concurrent_streams * limits.stream_window_bytes;
  return limits;
}

}  // namespace

MultiplexedConnection::MultiplexedConnection(EndpointPool& pool, std::unique_ptr<io::Stream> stream,
                                             std::string_view scheme, Lease slot, TimePoint expires,
                                             const snapshot::UpstreamSettings& settings, Cancellation& life)
    : pool_(pool),
      reactor_(pool.reactor()),
      stream_(std::move(stream)),
      scheme_(scheme),
      slot_(std::move(slot)),
      expires_(expires),
      settle_until_(After(reactor_.Now(), settings.connect_timeout)),
      idle_timeout_(settings.idle_timeout),
      write_timeout_(settings.stream_idle_timeout),
      life_(life),
      codec_(*this, reactor_, reactor_.blocks(), LimitsOf(settings)),
      output_(reactor_.blocks()),
      reading_(&life),
      writes_(&life),
      last_received_(reactor_.Now()) {
  ++pool_.connections_;
  pool_.cells_.connections_opened.Add();
  pool_.cells_.connections_active.Add(1);
  BeIdle();
}

MultiplexedConnection::~MultiplexedConnection() {
  --pool_.connections_;
  pool_.cells_.connections_active.Add(-1);
}

Task<void> MultiplexedConnection::Run() {
  SendSoon();
  co_await ReadFrames();
  Lose();
  while (places_ > 0) {
    io::Waiter waiter(reactor_, changed_, Wait{});
    co_await waiter;
  }
  co_await WaitForLastWord();
  writes_.Cancel();
  stream_->Close();
  while (writing_) {
    io::Waiter waiter(reactor_, changed_, Wait{});
    co_await waiter;
  }
  writer_.Unlink();
}

Task<void> MultiplexedConnection::ReadFrames() {
  std::size_t most = BlockPool::kMedium;
  while (!IsOver() && !reading_.cancelled()) {
    StatusOr<Chunk> bytes = co_await stream_->Read(most, Wait{kNoDeadline, &reading_});
    if (!bytes.ok() || bytes->empty()) co_return;
    bool more = bytes->size() == most;
    received_ += bytes->size();
    last_received_ = reactor_.Now();
    asked_ = false;
    codec_.Receive(*std::move(bytes));
    if (codec_.wants_to_send()) SendSoon();
    most = more ? BlockPool::kLarge : BlockPool::kMedium;
    // Whoever uses what came, and the other connections, go first.
    if (more) co_await reactor_.Yield();
  }
}

bool MultiplexedConnection::IsOver() const { return codec_.finished() || codec_.failure() != ErrorCode::kNoError; }

void MultiplexedConnection::Lose() {
  lost_ = true;
  Retire();
  patience_.Disarm();
  if (!refusal().empty()) pool_.NoteRefused(refusal());
  streams_.ForEach([why = WhyLost()](MultiplexedStream& stream) { stream.OnLost(why); });
}

std::string_view MultiplexedConnection::WhyLost() const {
  if (silent_) return "the upstream gave no sign of life";
  if (!refusal().empty()) return refusal();
  switch (codec_.failure()) {
    case ErrorCode::kNoError:
      return "the connection broke off";
    case ErrorCode::kEnhanceYourCalm:
      return "the upstream sent too many frames that do no work";
    default:
      return "the upstream does not keep the rules of HTTP/2";
  }
}

// What the peer learns at the end: GOAWAY.
Task<void> MultiplexedConnection::WaitForLastWord() {
  broken_ |= stream_->gone();
  writer_.Unlink();
  if (!writing_) Write();
  TimePoint until = After(reactor_.Now(), kLastWordTime);
  while (!broken_ && (writing_ || writer_.linked())) {
    io::Waiter waiter(reactor_, changed_, Wait{until, &life_});
    io::Woke woke = co_await waiter;
    if (woke != io::Woke::kEvent) broken_ = true;
  }
}

// --- Streams.

MultiplexedConnection::Begun MultiplexedConnection::Begin(MultiplexedStream& stream, const http::RequestHead& head,
                                                          bool end) {
  if (lost_ || codec_.going_away()) return Begun::kLost;
  if (!codec_.Begin(stream, head, scheme_, end)) return Begun::kInvalidHead;
  streams_.PushBack(stream);
  SendSoon();
  return Begun::kYes;
}

void MultiplexedConnection::Leave(MultiplexedStream& stream) {
  codec_.Reset(stream, ErrorCode::kCancel);
  codec_.Forget(stream);
  stream.Unlink();
  SendSoon();
}

void MultiplexedConnection::TakePlace() {
  if (places_++ == 0) BeBusy();
}

void MultiplexedConnection::FreePlace() {
  --places_;
  changed_.WakeAll();
  pool_.streams().OnRoom();
  if (places_ > 0) return;
  if (retired_) return End();
  BeIdle();
}

// At an endpoint that no set names any more it stays only for those who wait already.
void MultiplexedConnection::BeIdle() {
  Duration patience = pool_.retired() ? Duration::zero() : idle_timeout_;
  TimePoint until = std::min(After(reactor_.Now(), patience), unsettled() ? settle_until_ : expires_);
  patience_.Arm(reactor_.timers(), until);
  counted_ = true;
  pool_.cells_.connections_idle.Add(1);
}

void MultiplexedConnection::BeBusy() {
  patience_.Arm(reactor_.timers(), unsettled() ? settle_until_ : After(last_received_, kPingAfter));
  if (std::exchange(counted_, false)) pool_.cells_.connections_idle.Add(-1);
}

void MultiplexedConnection::OnPatienceEnd() {
  if (broken_) return reading_.Cancel();
  if (places_ == 0) return Retire();
  TimePoint next = After(last_received_, kPingAfter);
  if (reactor_.Now() >= next || unsettled()) {
    if (asked_ || unsettled()) return GiveUp();
    asked_ = true;
    codec_.Ping();
    SendSoon();
    next = After(reactor_.Now(), kPongTime);
  }
  patience_.Arm(reactor_.timers(), next);
}

void MultiplexedConnection::GiveUp() {
  silent_ = broken_ = true;
  reading_.Cancel();
}

// Waiters that counted on room here look for it elsewhere.
void MultiplexedConnection::Retire() {
  if (std::exchange(retired_, true)) return;
  ListNode::Unlink();
  pool_.streams().OnRoom();
  if (places_ == 0) End();
}

void MultiplexedConnection::End() {
  patience_.Disarm();
  if (std::exchange(counted_, false)) pool_.cells_.connections_idle.Add(-1);
  codec_.Shutdown();
  SendSoon();
  reading_.Cancel();
}

void MultiplexedConnection::CloseNow() {
  broken_ = true;
  stream_->Close();
  slot_.Release();
  Retire();
}

void MultiplexedConnection::OnSettings() { pool_.streams().OnRoom(); }

// --- Writing.

void MultiplexedConnection::SendSoon() {
  if (!writing_ && !broken_ && !writer_.linked()) reactor_.EnqueueLast(writer_);
}

void MultiplexedConnection::Write() {
  if (broken_) return OnWritten(absl::OkStatus());
  codec_.Send(output_);
  if (output_.empty()) return OnWritten(absl::OkStatus());
  Wait wait{After(reactor_.Now(), write_timeout_), &writes_};
  Task<Status> writing = stream_->Write(output_.pieces(), wait);
  if (writing.ready()) return OnWritten(std::move(writing).TakeReady());
  writing_ = true;
  reactor_.Spawn(FinishWrite(std::move(writing)));
}

Task<void> MultiplexedConnection::FinishWrite(Task<Status> writing) {
  Status status = co_await std::move(writing);
  writing_ = false;
  OnWritten(status);
}

// A server that has closed may have answered before: what it sent still counts.
void MultiplexedConnection::OnWriteFailure() {
  if (std::exchange(broken_, true)) return;
  Retire();
  if (places_ > 0 && !lost_) patience_.Arm(reactor_.timers(), After(reactor_.Now(), kLastWordTime));
}

void MultiplexedConnection::OnWritten(const Status& status) {
  output_.Clear();
  if (!status.ok()) OnWriteFailure();
  if (!broken_ && codec_.wants_to_send()) SendSoon();
  if (IsOver()) reading_.Cancel();
  changed_.WakeAll();
}

}  // namespace penstock::upstream
