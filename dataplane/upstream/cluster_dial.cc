// From an address to a stream that HTTP may be spoken on.
#include "dataplane/io/net/connect.h"
#include "dataplane/upstream/cluster.h"

namespace penstock::upstream {
namespace {

using Protocol = snapshot::CompiledCluster::Protocol;
using telemetry::TlsFailure;

constexpr std::string_view kHttp2 = "h2";

// It was the caller that could not wait any longer.
bool IsCallers(const Status& status, const Wait& wait, TimePoint deadline) {
  return IsCancelled(status) || (IsTimeout(status) && wait.deadline < deadline);
}

}  // namespace

Task<Cluster::Dialed> Cluster::Dial(View& view, EndpointPool& pool, Opening opening, Wait wait) {
  TimePoint start = deps_.reactor.Now();
  TimePoint connect_deadline = After(start, view.settings().connect_timeout);
  EndpointPool::Connecting connecting(pool);
  StatusOr<std::unique_ptr<io::Stream>> stream =
      co_await ConnectTo(pool.address(), opening.preface, wait.Until(connect_deadline));
  if (stream.ok() && view.tls() == nullptr) {
    pool.ConnectSucceeded();
    co_return Dialed{AcquireFailure::kNone, *std::move(stream)};
  }
  if (stream.ok()) {
    TimePoint deadline = After(start, view.dial_timeout());
    Dialed secured = co_await Secure(view, pool, *std::move(stream), opening.offer, wait, deadline);
    co_return secured;
  }
  if (IsCallers(stream.status(), wait, connect_deadline)) co_return Dialed{AcquireFailure::kWaitOver, nullptr};
  deps_.cells->connection_failures.Add();
  // What this side lacks says nothing about the endpoint.
  if (!absl::IsResourceExhausted(stream.status())) pool.ConnectFailed(deps_.reactor.Now());
  bool timeout = IsTimeout(stream.status());
  co_return Dialed{timeout ? AcquireFailure::kConnectTimeout : AcquireFailure::kConnectFailed, nullptr};
}

Task<StatusOr<std::unique_ptr<io::Stream>>> Cluster::ConnectTo(const io::SocketAddress& address,
                                                               std::string_view preface, Wait wait) {
  StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await io::Connect(deps_.reactor, address, wait);
  if (!stream.ok() || preface.empty()) co_return stream;
  std::string_view pieces[] = {preface};
  Status written = co_await (*stream)->Write(pieces, wait);
  if (!written.ok()) co_return written;
  co_return stream;
}

Task<Cluster::Dialed> Cluster::Secure(View& view, EndpointPool& pool, std::unique_ptr<io::Stream> stream, Offer offer,
                                      Wait wait, TimePoint deadline) {
  auto secured = std::make_unique<tls::TlsStream>(std::move(stream), view.tls(), &pool.sessions());
  if (offer == Offer::kHttp1) secured->OfferInstead({"http/1.1"});
  if (offer == Offer::kNothing) secured->OfferInstead({});
  Status shaken = co_await secured->Handshake(wait.Until(deadline));
  if (!shaken.ok()) {
    if (IsCallers(shaken, wait, deadline)) co_return Dialed{AcquireFailure::kWaitOver, nullptr};
    co_return HandshakeFailed(pool, secured->failure());
  }
  bool http2 = secured->facts().alpn == kHttp2;
  // RFC 9113 3.3: over TLS the protocol is agreed on, never assumed.
  if (!http2 && offer == Offer::kConfigured && view.config().protocol == Protocol::kHttp2) {
    co_return HandshakeFailed(pool, {TlsFailure::kAlpn, "the endpoint does not agree to speak HTTP/2"});
  }
  deps_.cells->tls_handshakes.Add();
  if (secured->facts().resumed) deps_.cells->tls_resumptions.Add();
  pool.ConnectSucceeded();
  co_return Dialed{AcquireFailure::kNone, std::move(secured), http2};
}

Cluster::Dialed Cluster::HandshakeFailed(EndpointPool& pool, const tls::HandshakeFailure& failure) {
  deps_.cells->connection_failures.Add();
  pool.NoteHandshakeFailed(failure);
  return {AcquireFailure::kTlsFailed, nullptr};
}

// Up to a tenth less than the age that is allowed, so that connections made together do not end together.
TimePoint Cluster::Expiry(const snapshot::UpstreamSettings& settings) {
  Duration age = settings.max_connection_age;
  Duration jitter(
      static_cast<std::int64_t>(deps_.reactor.random().Below(static_cast<std::uint64_t>(age.count() / 10 + 1))));
  return After(deps_.reactor.Now(), age - jitter);
}

}  // namespace penstock::upstream
