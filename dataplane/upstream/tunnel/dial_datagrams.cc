#include "dataplane/upstream/tunnel/dial_datagrams.h"

#include "dataplane/upstream/tunnel/dial.h"

namespace penstock::upstream {

void DialedDatagrams::NoteRefused() { pool->ConnectFailed(view->cluster().reactor().Now()); }

Task<DialedDatagrams> DialDatagrams(ViewRef view, std::uint64_t seed, Wait wait) {
  Cluster& cluster = view->cluster();
  io::Reactor& reactor = cluster.reactor();
  Status resolved = co_await cluster.Resolved(wait.Until(After(reactor.Now(), kDialResolve)));
  if (!resolved.ok() || !cluster.up_to_date()) view = cluster.Refreshed(*view);
  DialedDatagrams dialed;
  dialed.view = std::move(view);
  dialed.endpoints_epoch = dialed.view->epoch();
  if (dialed.view->tls() != nullptr) {
    dialed.reason = Reason::kUpstreamTlsFailed;
    dialed.detail = "datagrams cannot be sent over TLS";
    co_return dialed;
  }
  std::optional<std::size_t> endpoint = dialed.view->Pick(seed, reactor.Now(), {});
  if (!endpoint.has_value()) {
    dialed.reason = dialed.view->WhyNobody().reason;
    co_return dialed;
  }
  dialed.pool = dialed.view->endpoints()[*endpoint].pool;
  dialed.place = cluster.TakeDatagramPlace();
  if (!dialed.place.ok()) {
    cluster.cells().limit_refusals.Add();
    dialed.reason = Reason::kUpstreamOverloaded;
    co_return dialed;
  }
  StatusOr<std::unique_ptr<io::UdpSocket>> socket = io::UdpSocket::Connect(reactor, dialed.pool->address());
  if (socket.ok()) {
    dialed.socket = *std::move(socket);
  } else {
    cluster.cells().connection_failures.Add();
    dialed.reason = Reason::kUpstreamConnectFailed;
  }
  co_return dialed;
}

}  // namespace penstock::upstream
