#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dataplane/base/task.h"
#include "dataplane/exchange/reason.h"
#include "dataplane/io/dns/resolver.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/tls/tls_stream.h"
#include "dataplane/upstream/dns_lane.h"
#include "dataplane/upstream/lb/balancer.h"
#include "dataplane/upstream/pool/acquire_failure.h"
#include "dataplane/upstream/pool/endpoint_pool.h"
#include "dataplane/upstream/pool/limits.h"

namespace penstock::upstream {

class Cluster;

inline constexpr std::string_view kSecureScheme = "https";

// What one snapshot says about a cluster, made ready for this worker: a request uses one view from its first try to its
// last, so that it is decided by one generation. Counted by ViewRef.
class View {
 public:
  struct Endpoint {
    EndpointPool* pool;
    std::uint32_t weight;
  };

  // TLS: how handshakes are begun; null for a cluster in cleartext only.
  View(Cluster& cluster, snapshot::Shared<snapshot::CompiledCluster> config,
       snapshot::Shared<snapshot::EndpointSet> endpoints, std::shared_ptr<const tls::ClientContext> tls);

  Cluster& cluster() const { return cluster_; }
  const snapshot::CompiledCluster& config() const { return *config_; }
  const snapshot::UpstreamSettings& settings() const { return config_->upstream; }
  std::uint64_t epoch() const { return endpoints_ != nullptr ? endpoints_->epoch : 0; }
  const std::vector<Endpoint>& endpoints() const { return rows_; }
  const std::shared_ptr<const tls::ClientContext>& tls() const { return tls_; }
  // How long connecting may take. With TLS that is two or three round trips instead of one, and some arithmetic: 5 s by
  // default, not 2 s.
  Duration dial_timeout() const { return settings().connect_timeout * (tls_ == nullptr ? 2 : 5) / 2; }
  std::string_view scheme() const { return tls_ == nullptr ? "http" : kSecureScheme; }

  // An endpoint that is not in TRIED, one that is not paused if there is any; nullopt if all are tried or have no
  // weight.
  std::optional<std::size_t> Pick(std::uint64_t seed, TimePoint now, std::span<const std::size_t> tried);

  // Why Pick() gives none although none was tried.
  struct Nobody {
    Reason reason;         // kNoEndpoints: none has a weight; otherwise all are paused: by what they failed with
    std::string_view why;  // a handshake failed; valid until that endpoint's next one
  };
  Nobody WhyNobody() const;

 private:
  friend class ViewRef;
  friend class Cluster;

  Cluster& cluster_;
  const snapshot::Shared<snapshot::CompiledCluster> config_;
  const snapshot::Shared<snapshot::EndpointSet> endpoints_;
  const std::shared_ptr<const tls::ClientContext> tls_;
  std::vector<Endpoint> rows_;
  std::unique_ptr<Balancer> balancer_;
  std::uint32_t refs_ = 0;
};

// Keeps a View and its Cluster. Worker-local: the count is not atomic.
class ViewRef {
 public:
  ViewRef() = default;
  explicit ViewRef(View& view) : view_(&view) { ++view_->refs_; }
  ViewRef(ViewRef&& other) noexcept : view_(std::exchange(other.view_, nullptr)) {}
  ViewRef& operator=(ViewRef&& other) noexcept {
    Release();
    view_ = std::exchange(other.view_, nullptr);
    return *this;
  }
  ~ViewRef() { Release(); }

  ViewRef Share() const { return view_ != nullptr ? ViewRef(*view_) : ViewRef(); }
  View* operator->() const { return view_; }
  View& operator*() const { return *view_; }
  explicit operator bool() const { return view_ != nullptr; }

 private:
  void Release() {
    if (view_ != nullptr) --std::exchange(view_, nullptr)->refs_;
  }
  View* view_ = nullptr;
};

// A connection for one try, or a place on one of HTTP/2; or why there is none.
struct Acquired {
  explicit Acquired(AcquireFailure why) : failure(why) {}
  // CONNECT is how long connecting took; negative: it was an idle connection.
  explicit Acquired(std::unique_ptr<Connection> made, Duration connect = Duration(-1))
      : connection(std::move(made)), reused(connect < Duration::zero()), connect(connect) {}
  explicit Acquired(StreamPlace given, Duration connect)
      : place(std::move(given)), reused(connect < Duration::zero()), connect(connect) {}

  AcquireFailure failure = AcquireFailure::kNone;
  std::unique_ptr<Connection> connection;
  StreamPlace place;
  bool reused = false;
  Duration connect{-1};
};

// What is offered to an endpoint to agree on (ALPN), where TLS is spoken.
enum class Offer : std::uint8_t {
  kConfigured,  // what the cluster says
  kHttp1,       // for a request that HTTP/2 cannot carry; not to an endpoint that is said to speak HTTP/2
  kNothing,     // for a tunnel
};

// A worker's runtime of one cluster. See Upstreams for what survives.
class Cluster {
 public:
  struct Deps {
    io::Reactor& reactor;
    io::Resolver& resolver;
    std::shared_ptr<ClusterLimits> limits;
    int workers;
    std::shared_ptr<telemetry::ClusterCells> cells;
    Cancellation& life;  // of the worker: its end is that of everything here
  };

  Cluster(std::string name, Deps deps);
  Cluster(const Cluster&) = delete;
  ~Cluster();

  const std::string& name() const { return name_; }
  telemetry::ClusterCells& cells() { return *deps_.cells; }
  io::Reactor& reactor() { return deps_.reactor; }

  // Shows what a generation says. Cheap if it says what is shown.
  void Show(const snapshot::Shared<snapshot::CompiledCluster>& config,
            const snapshot::Shared<snapshot::EndpointSet>& endpoints,
            const std::shared_ptr<const tls::ClientContext>& tls);

  // What is shown. A DNS cluster has no endpoints before Resolved().
  ViewRef view() { return ViewRef(*views_.front()); }
  // Show() would change nothing but by another snapshot: no name was resolved to other addresses since.
  bool up_to_date() const { return !stopped_ && (dns_ == nullptr || views_.front()->endpoints_ == dns_->endpoints()); }
  // The same configuration with the addresses of now.
  ViewRef Refreshed(const View& view) {
    Show(view.config_, view.endpoints_, view.tls_);
    return this->view();
  }

  // Ready at once, but for a DNS cluster whose names were never resolved: then waits for the first answer.
  Task<Status> Resolved(Wait wait);

  // A connection to the endpoint: an idle one, or a new one within the connect timeout; waits for its turn if the
  // cluster has as many connections as it may. Idle ones make room for it, other workers' too. FRESH: not an idle one,
  // since those may all be dead. With HTTP/2, a place on a connection that others share, FRESH or not: a dead one takes
  // no new streams. With TLS, which one it is may be agreed on with the endpoint (ALPN).
  Task<Acquired> Acquire(View& view, std::size_t endpoint, bool fresh, Wait wait, Offer offer = Offer::kConfigured);

  // A connection of its own for a tunnel: always a new one, never for the pool, else as Acquire. It begins with PREFACE
  // (a PROXY protocol header, or nothing), which stays valid meanwhile. Discard() it at its end.
  Task<Acquired> Open(View& view, std::size_t endpoint, std::string_view preface, Wait wait);
  // A place among the cluster's connections for a socket of datagrams, which is not made here; not ok() if none is
  // free.
  Lease TakeDatagramPlace() { return TakePlace(); }

  // Takes it back from a complete exchange, or lets it close and somebody else have its place.
  void Reuse(std::unique_ptr<Connection> connection, const snapshot::UpstreamSettings& settings);
  void Discard(std::unique_ptr<Connection> connection);

  // What other workers have posted: ASKER has a request that waits for a place; a place is given to a request here.
  void OnAsked(std::shared_ptr<Neighbour> asker);
  void OnPlace(LoosePlace place);

  // A running request's place; not ok() if there is none.
  Lease TakeRequest() { return Lease::Take(requests_); }
  std::int64_t active_requests() const { return requests_.used(); }

  // May another retry run? At most MAX_RETRIES of this worker's, or BUDGET_PERCENT of its active requests if that is
  // more.
  bool BeginRetry(std::uint32_t max_retries, std::uint32_t budget_percent);
  void EndRetry() { --retries_; }

  // The key of the snapshot that is shown, so that Upstreams need not ask it again.
  std::uint64_t shown_key[3] = {};

  // Closes idle connections and ends resolution, until the next Show().
  void Stop();
  // Frees views and pools that nothing uses.
  void Sweep();
  // Nothing uses it: it may be destroyed.
  bool unused() const;

 private:
  friend class View;

  // How long a request without a place waits before it looks again whether other workers gave some back, and
  // asks them.
  static constexpr Duration kLookAgain = std::chrono::milliseconds(20);

  // How a new connection begins.
  struct Opening {
    std::string_view preface;  // before all else, in cleartext; stays valid meanwhile
    Offer offer = Offer::kConfigured;
  };

  EndpointPool& PoolOf(const io::SocketAddress& address, const tls::ClientContext* tls);
  View& AddView(snapshot::Shared<snapshot::CompiledCluster> config, snapshot::Shared<snapshot::EndpointSet> endpoints,
                std::shared_ptr<const tls::ClientContext> tls);
  void RetirePools();
  void RetireStreams();
  bool CloseSomeIdle();
  Lease TakePlace();
  void AskNeighbours();
  std::shared_ptr<Neighbour> NextInTurn(std::int64_t used);
  void Hand(const std::shared_ptr<Neighbour>& asker);
  void PlaceFreed();
  Task<AcquireFailure> WaitForPlace(Wait wait);
  TimePoint Expiry(const snapshot::UpstreamSettings& settings);
  Task<Acquired> AcquireConnection(View& view, EndpointPool& pool, bool fresh, const Opening& opening, Wait wait);
  Task<Acquired> AcquireNew(View& view, EndpointPool& pool, bool fresh, Opening opening, Wait wait);
  Task<Acquired> Connect(View& view, EndpointPool& pool, Lease slot, Opening opening, Wait wait);

  static bool IsShared(const View& view, const EndpointPool& pool);
  Task<Acquired> AcquireAgreed(View& view, EndpointPool& pool, bool fresh, Offer offer, Wait wait);
  Task<Acquired> AcquireStream(View& view, EndpointPool& pool, Wait wait);
  Task<AcquireFailure> WaitForConnect(StreamPool& streams, Wait wait);
  Task<void> ServeStreams(ViewRef view, EndpointPool* pool, Lease slot);
  Task<void> RunStreams(EndpointPool* pool, std::unique_ptr<io::Stream> stream, std::string_view scheme, Lease slot);
  Acquired Share(EndpointPool& pool, std::unique_ptr<io::Stream> stream, Lease slot, Duration took);

  // A stream that may be written to; or why there is none.
  struct Dialed {
    AcquireFailure failure = AcquireFailure::kNone;
    std::unique_ptr<io::Stream> stream;
    bool http2 = false;  // agreed on with the endpoint
  };
  // Connects within the connect timeout, sends the preface, and makes the handshake if the view says so. All protocols
  // begin here: what lies between a socket and them belongs here, and what is agreed on with the peer is known behind
  // it.
  Task<Dialed> Dial(View& view, EndpointPool& pool, Opening opening, Wait wait);
  Task<StatusOr<std::unique_ptr<io::Stream>>> ConnectTo(const io::SocketAddress& address, std::string_view preface,
                                                        Wait wait);
  Task<Dialed> Secure(View& view, EndpointPool& pool, std::unique_ptr<io::Stream> stream, Offer offer, Wait wait,
                      TimePoint deadline);
  Dialed HandshakeFailed(EndpointPool& pool, const tls::HandshakeFailure& failure);

  const std::string name_;
  Deps deps_;
  LimitShare connections_;
  LimitShare pending_;
  LimitShare requests_;
  io::WaitQueue waiting_;  // for a connection's place
  int waiters_ = 0;        // of it, those that were woken and have not looked yet included
  const std::shared_ptr<Neighbour> self_;
  std::vector<std::shared_ptr<Neighbour>> asked_by_;  // workers that this one had nothing to spare for
  TimePoint ask_again_{};
  std::int64_t retries_ = 0;
  // By what connections prove, too: none is used by a request that another generation decides in another way.
  using PoolKey =
      std::pair<io::SocketAddress, std::string>;  // the address; tls::ClientContext::policy, "" in cleartext
  absl::flat_hash_map<PoolKey, std::unique_ptr<EndpointPool>> pools_;
  std::vector<std::unique_ptr<View>> views_;  // the shown one in front, then those that requests still use
  std::unique_ptr<DnsLane> dns_;
  std::vector<std::unique_ptr<DnsLane>> old_dns_;  // stopped, until they have unwound
  bool stopped_ = false;
};

}  // namespace penstock::upstream
