// Places on connections that requests share.
#include "dataplane/upstream/cluster.h"

namespace penstock::upstream {

using Protocol = snapshot::CompiledCluster::Protocol;

Task<Acquired> Cluster::AcquireAgreed(View& view, EndpointPool& pool, bool fresh, Offer offer, Wait wait) {
  bool http1 = offer == Offer::kHttp1 && view.config().protocol == Protocol::kAuto;
  if (!http1 && IsShared(view, pool)) return AcquireStream(view, pool, wait);
  return AcquireConnection(view, pool, fresh, {{}, offer}, wait);
}

// Until the endpoint has said what it speaks, all wait for the first connection to it.
bool Cluster::IsShared(const View& view, const EndpointPool& pool) {
  return view.config().protocol == Protocol::kHttp2 || !pool.speaks_http1();
}

Task<Acquired> Cluster::AcquireStream(View& view, EndpointPool& pool, Wait wait) {
  StreamPool& streams = pool.streams();
  const TimePoint start = deps_.reactor.Now();
  const std::uint64_t failures = streams.failures();
  bool at_once = true;
  Lease pending;
  while (IsShared(view, pool)) {
    if (MultiplexedConnection* connection = streams.FindRoom(deps_.reactor.Now())) {
      if (at_once) deps_.cells->connections_reused.Add();
      co_return Acquired(StreamPlace(*connection), at_once ? Duration(-1) : deps_.reactor.Now() - start);
    }
    if (streams.failures() != failures) co_return Acquired(streams.last_failure());
    at_once = false;
    if (!streams.connecting()) {
      Lease slot = TakePlace();
      if (slot.ok()) {
        pending.Release();
        if (waiters_ > 0) AskNeighbours();
        streams.BeginConnect();
        // Not this request's: others wait for it too, and it outlives whoever gives up.
        deps_.reactor.Spawn(ServeStreams(ViewRef(view), &pool, std::move(slot)));
        continue;
      }
      if (!pending.ok()) pending = Lease::Take(pending_);
      if (!pending.ok()) co_return Acquired(AcquireFailure::kOverloaded);
    }
    Task<AcquireFailure> waiting = streams.connecting() ? WaitForConnect(streams, wait) : WaitForPlace(wait);
    AcquireFailure failure = co_await std::move(waiting);
    if (failure != AcquireFailure::kNone) co_return Acquired(failure);
  }
  // It speaks HTTP/1.1, as has turned out: one connection is idle, others must make their own.
  pending.Release();
  Acquired acquired = co_await AcquireConnection(view, pool, false, {}, wait);
  co_return acquired;
}

Task<AcquireFailure> Cluster::WaitForConnect(StreamPool& streams, Wait wait) {
  io::Waiter waiter(deps_.reactor, streams.waiting(), wait);
  io::Woke woke = co_await waiter;
  co_return woke == io::Woke::kEvent ? AcquireFailure::kNone : AcquireFailure::kWaitOver;
}

Task<void> Cluster::ServeStreams(ViewRef view, EndpointPool* pool, Lease slot) {
  Dialed dialed = co_await Dial(*view, *pool, {}, Wait{kNoDeadline, &deps_.life});
  if (dialed.stream == nullptr) {
    slot.Release();
    pool->streams().ConnectFailed(dialed.failure);
    PlaceFreed();
    co_return;
  }
  bool http1 = view->config().protocol == Protocol::kAuto && !dialed.http2;
  pool->set_speaks_http1(http1);
  std::string_view scheme = view->scheme();
  view = ViewRef();
  if (!http1) {
    co_await RunStreams(pool, std::move(dialed.stream), scheme, std::move(slot));
    co_return;
  }
  const snapshot::UpstreamSettings& settings = views_.front()->settings();
  Reuse(std::make_unique<Connection>(*pool, std::move(dialed.stream), std::move(slot), Expiry(settings)), settings);
  pool->streams().ConnectEnded();
}

Task<void> Cluster::RunStreams(EndpointPool* pool, std::unique_ptr<io::Stream> stream, std::string_view scheme,
                               Lease slot) {
  // Those of now, as for whoever it will serve.
  const snapshot::UpstreamSettings& settings = views_.front()->settings();
  auto connection = std::make_unique<MultiplexedConnection>(*pool, std::move(stream), scheme, std::move(slot),
                                                            Expiry(settings), settings, deps_.life);
  pool->streams().Connected(*connection);
  co_await connection->Run();
  connection.reset();
  PlaceFreed();
}

// A place on a new connection of an endpoint that spoke HTTP/1.1 and has agreed to speak HTTP/2 now.
Acquired Cluster::Share(EndpointPool& pool, std::unique_ptr<io::Stream> stream, Lease slot, Duration took) {
  pool.set_speaks_http1(false);
  deps_.reactor.Spawn(RunStreams(&pool, std::move(stream), kSecureScheme, std::move(slot)));
  MultiplexedConnection* connection = pool.streams().FindRoom(deps_.reactor.Now());
  if (connection == nullptr) return Acquired(AcquireFailure::kConnectFailed);
  return Acquired(StreamPlace(*connection), took);
}

}  // namespace penstock::upstream
