#include "dataplane/upstream/forward/upstream_tunnel.h"

#include <array>

namespace penstock::upstream {
namespace {

// Transfers between two yields, so that one fast tunnel does not hold the worker.
constexpr int kTransfersPerTurn = 16;

}  // namespace

UpstreamTunnel::UpstreamTunnel(Exchange& x, ViewRef view, std::unique_ptr<Connection> connection, Lease request,
                               Chunk first)
    : x_(x),
      view_(std::move(view)),
      connection_(std::move(connection)),
      request_(std::move(request)),
      frames_(x.response.upgrade == "websocket" ? x.arena.New<Frames>() : nullptr),
      first_(std::move(first)),
      stop_(&x.cancellation()) {}

UpstreamTunnel::~UpstreamTunnel() { Release(false); }

Task<StatusOr<Chunk>> UpstreamTunnel::Read() {
  if (!upload_.started()) upload_.Start(Upload());
  if (ended_) return StatusOr<Chunk>(Chunk());
  if (stop_.cancelled()) return Farewell();
  if (!first_.empty()) return StatusOr<Chunk>(Pass(std::move(first_)));
  return ReadMore();
}

Task<StatusOr<Chunk>> UpstreamTunnel::ReadMore() {
  if (++reads_ % kTransfersPerTurn == 0) co_await view_->cluster().reactor().Yield();
  StatusOr<Chunk> chunk = co_await connection_->stream().Read(BlockPool::kLarge, Wait{kNoDeadline, &stop_});
  if (IsCancelled(chunk.status())) co_return Farewell();
  if (!chunk.ok()) co_return Broken(chunk.status());
  ended_ = chunk->empty();
  co_return Pass(*std::move(chunk));
}

Chunk UpstreamTunnel::Pass(Chunk chunk) {
  view_->cluster().cells().response_bytes.Add(chunk.size());
  if (frames_ != nullptr) frames_->to_client.Feed(chunk.view());
  return chunk;
}

StatusOr<Chunk> UpstreamTunnel::Broken(const Status& status) {
  if (x_.reason == Reason::kNone) {
    x_.reason = Reason::kUpstreamAborted;
    x_.detail = "the upstream broke the tunnel";
  }
  view_->cluster().cells().resets.Add();
  return status;
}

StatusOr<Chunk> UpstreamTunnel::Farewell() {
  bool may = EndedFromHere() && frames_ != nullptr && frames_->to_client.MayClose();
  if (!may) return absl::CancelledError("nobody wants the rest");
  ended_ = true;
  return Chunk::Static(http::websocket::kServerGoesAway);
}

bool UpstreamTunnel::EndedFromHere() const {
  return x_.reason == Reason::kShuttingDown || x_.reason == Reason::kTunnelIdle;
}

// Whatever breaks on the client's side ends the tunnel; what breaks on the upstream's is found by who reads there, once
// it has what came before.
Task<UpstreamTunnel::End> UpstreamTunnel::Upload() {
  io::Stream& stream = connection_->stream();
  const Wait wait{kNoDeadline, &stop_};
  for (int i = 1; true; ++i) {
    if (i % kTransfersPerTurn == 0) co_await view_->cluster().reactor().Yield();
    StatusOr<Chunk> chunk = co_await x_.request_body->Read();
    if (!chunk.ok()) {
      if (x_.reason == Reason::kNone) x_.reason = Reason::kClientGone;
      stop_.Cancel();
      co_return End::kClientBroke;
    }
    if (chunk->empty()) {
      Status ended = co_await stream.ShutdownWrite(wait);
      co_return ended.ok() ? End::kDone : End::kUpstreamBroke;
    }
    std::array<std::string_view, 1> pieces = {chunk->view()};
    Status sent = co_await stream.Write(pieces, wait);
    if (!sent.ok()) co_return End::kUpstreamBroke;
    view_->cluster().cells().request_bytes.Add(chunk->size());
    if (frames_ != nullptr) frames_->to_upstream.Feed(chunk->view());
  }
}

Task<void> UpstreamTunnel::Finish() {
  if (upload_.started()) return JoinAndRelease();
  Release(false);
  return Task<void>();
}

Task<void> UpstreamTunnel::JoinAndRelease() {
  if (!ended_ || stop_.cancelled()) {
    stop_.Cancel();
    x_.request_body->Cancel();
  }
  End end = co_await upload_.Join();
  bool farewell = false;
  if (end == End::kClientBroke) farewell = co_await SayFarewell();
  Release(farewell || (ended_ && end == End::kDone));
}

// The client's side was broken off from here, between two writes.
Task<bool> UpstreamTunnel::SayFarewell() {
  bool may = EndedFromHere() && frames_ != nullptr && frames_->to_upstream.MayClose();
  if (!may) co_return false;
  std::array<char, 8> frame = http::websocket::ClientGoesAway(static_cast<std::uint32_t>(x_.seed));
  std::array<std::string_view, 1> pieces = {std::string_view(frame.data(), frame.size())};
  Status sent = co_await connection_->stream().Write(pieces, Wait{kNoDeadline, &stop_});
  co_return sent.ok();
}

// CLEAN: closed as both ends did. Otherwise the upstream must see that something broke.
void UpstreamTunnel::Release(bool clean) {
  if (connection_ == nullptr) return;
  Cluster& cluster = view_->cluster();
  cluster.cells().requests_active.Add(-1);
  if (!clean) connection_->stream().Reset();
  cluster.Discard(std::move(connection_));
  request_.Release();
  first_.Reset();
}

}  // namespace penstock::upstream
