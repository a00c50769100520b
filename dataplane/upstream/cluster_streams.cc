// Places on connections that requests share.
#include "dataplane/upstream/cluster.h"

namespace penstock::upstream {

Task<Acquired> Cluster::AcquireStream(View& view, EndpointPool& pool, Wait wait) {
  StreamPool& streams = pool.streams();
  const TimePoint start = deps_.reactor.Now();
  const std::uint64_t failures = streams.failures();
  bool at_once = true;
  Lease pending;
  while (true) {
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
  // Those of now, as for whoever it will serve.
  const snapshot::UpstreamSettings& settings = views_.front()->settings();
  std::unique_ptr<MultiplexedConnection> connection = std::make_unique<MultiplexedConnection>(
      *pool, std::move(dialed.stream), "http", std::move(slot), Expiry(settings), settings, deps_.life);
  view = ViewRef();
  pool->streams().Connected(*connection);
  co_await connection->Run();
  connection.reset();
  PlaceFreed();
}

}  // namespace penstock::upstream
