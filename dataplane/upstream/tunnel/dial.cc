#include "dataplane/upstream/tunnel/dial.h"

#include "absl/container/inlined_vector.h"

namespace penstock::upstream {
namespace {

Reason ReasonOf(AcquireFailure failure) {
  switch (failure) {
    case AcquireFailure::kNone:
      return Reason::kNone;
    case AcquireFailure::kOverloaded:
    case AcquireFailure::kNoTurn:
    case AcquireFailure::kWaitOver:
      return Reason::kUpstreamOverloaded;
    case AcquireFailure::kConnectFailed:
      return Reason::kUpstreamConnectFailed;
    case AcquireFailure::kConnectTimeout:
      return Reason::kUpstreamConnectTimeout;
    case AcquireFailure::kTlsFailed:
      return Reason::kUpstreamTlsFailed;
  }
  return Reason::kInternalError;
}

bool MayTryAnother(AcquireFailure failure) {
  return failure == AcquireFailure::kConnectFailed || failure == AcquireFailure::kConnectTimeout ||
         failure == AcquireFailure::kTlsFailed;
}

}  // namespace

Task<Dialed> Dial(ViewRef view, std::uint64_t seed, std::string preface, Wait wait) {
  Cluster& cluster = view->cluster();
  io::Reactor& reactor = cluster.reactor();
  Status resolved = co_await cluster.Resolved(wait.Until(After(reactor.Now(), kDialResolve)));
  if (!resolved.ok() || !cluster.up_to_date()) view = cluster.Refreshed(*view);
  Dialed dialed;
  dialed.endpoints_epoch = view->epoch();
  // What is over after that was the wait for a connection's place, which takes as long as one of them.
  Wait all = wait.Until(After(reactor.Now(), view->dial_timeout() * (kMaxDials + 1)));
  absl::InlinedVector<std::size_t, kMaxDials> tried;
  while (tried.size() < kMaxDials) {
    std::optional<std::size_t> endpoint = view->Pick(seed, reactor.Now(), tried);
    if (!endpoint.has_value()) break;
    tried.push_back(*endpoint);
    const EndpointPool& pool = *view->endpoints()[*endpoint].pool;
    dialed.endpoint = pool.text();
    dialed.tries = static_cast<std::uint32_t>(tried.size());
    Acquired acquired = co_await cluster.Open(*view, *endpoint, preface, all);
    dialed.reason = ReasonOf(acquired.failure);
    dialed.detail = acquired.failure == AcquireFailure::kTlsFailed ? pool.why() : "";
    dialed.connect = acquired.connect;
    dialed.connection = std::move(acquired.connection);
    bool cancelled = wait.cancellation != nullptr && wait.cancellation->cancelled();
    if (dialed.reason == Reason::kUpstreamOverloaded && !cancelled) cluster.cells().limit_refusals.Add();
    if (!MayTryAnother(acquired.failure)) co_return dialed;
  }
  if (tried.empty()) {
    View::Nobody nobody = view->WhyNobody();
    dialed.reason = nobody.reason;
    dialed.detail = nobody.why;
  }
  co_return dialed;
}

}  // namespace penstock::upstream
