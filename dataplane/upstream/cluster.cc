#include "dataplane/upstream/cluster.h"

#include <algorithm>

#include "dataplane/base/check.h"

namespace penstock::upstream {
namespace {

io::SocketAddress AddressOf(const snapshot::CompiledEndpoint& endpoint) {
  if (endpoint.address.starts_with("unix:")) {
    StatusOr<io::SocketAddress> path = io::SocketAddress::Parse(endpoint.address);
    PENSTOCK_CHECK(path.ok(), "a compiled endpoint has a path that fits");
    return *path;
  }
  StatusOr<IpAddress> ip = IpAddress::Parse(endpoint.address);
  PENSTOCK_CHECK(ip.ok(), "a compiled endpoint has a literal address");
  return io::SocketAddress::Ip(*ip, endpoint.port);
}

}  // namespace

using Protocol = snapshot::CompiledCluster::Protocol;

View::View(Cluster& cluster, snapshot::Shared<snapshot::CompiledCluster> config,
           snapshot::Shared<snapshot::EndpointSet> endpoints, std::shared_ptr<const tls::ClientContext> tls)
    : cluster_(cluster), config_(std::move(config)), endpoints_(std::move(endpoints)), tls_(std::move(tls)) {
  PENSTOCK_CHECK(config_->tls.has_value() == (tls_ != nullptr), "what is to be encrypted never goes in cleartext");
  std::vector<std::uint32_t> weights;
  if (endpoints_ != nullptr) {
    for (const snapshot::CompiledEndpoint& endpoint : endpoints_->endpoints) {
      rows_.push_back({&cluster.PoolOf(AddressOf(endpoint), tls_.get()), endpoint.weight});
      weights.push_back(endpoint.weight);
    }
  }
  const Algorithm* algorithm = FindAlgorithm(config_->lb_algorithm);
  PENSTOCK_CHECK(algorithm != nullptr, "a compiled cluster names a known algorithm");
  balancer_ = algorithm->make(weights, cluster.reactor().random().Next());
}

std::optional<std::size_t> View::Pick(std::uint64_t seed, TimePoint now, std::span<const std::size_t> tried) {
  auto was_tried = [&](std::size_t i) { return std::find(tried.begin(), tried.end(), i) != tried.end(); };
  auto not_now = [&](std::size_t i) { return was_tried(i) || rows_[i].pool->Paused(now); };
  auto hopeless = [&](std::size_t i) { return was_tried(i) || rows_[i].pool->Hopeless(now); };
  std::optional<std::size_t> index = balancer_->Pick(seed, not_now);
  if (!index.has_value()) index = balancer_->Pick(seed, hopeless);
  return index;
}

View::Nobody View::WhyNobody() const {
  Nobody nobody{Reason::kNoEndpoints, {}};
  for (const Endpoint& endpoint : rows_) {
    if (endpoint.weight == 0) continue;
    if (!endpoint.pool->why().empty()) return {Reason::kUpstreamTlsFailed, endpoint.pool->why()};
    nobody.reason = Reason::kUpstreamConnectFailed;
  }
  return nobody;
}

Cluster::Cluster(std::string name, Deps deps)
    : name_(std::move(name)),
      deps_(std::move(deps)),
      connections_(deps_.limits->connections, deps_.workers),
      pending_(deps_.limits->pending, deps_.workers),
      requests_(deps_.limits->requests, deps_.workers),
      self_(std::make_shared<Neighbour>(deps_.reactor, *this)) {
  deps_.limits->neighbours.Enter(self_);
}

// Pools give their places back to connections_, which must still be there.
Cluster::~Cluster() {
  for (const std::unique_ptr<View>& view : views_)
    PENSTOCK_CHECK(view->refs_ == 0, "a cluster must outlive its requests");
  deps_.limits->neighbours.Leave(*self_);
  self_->cluster = nullptr;
  views_.clear();
  pools_.clear();
}

void Cluster::Show(const snapshot::Shared<snapshot::CompiledCluster>& config,
                   const snapshot::Shared<snapshot::EndpointSet>& given,
                   const std::shared_ptr<const tls::ClientContext>& tls) {
  const auto* names = std::get_if<snapshot::DnsDiscovery>(&config->discovery);
  bool new_config = views_.empty() || views_.front()->config_ != config || stopped_;
  if (std::exchange(stopped_, false) && dns_ != nullptr) old_dns_.push_back(std::move(dns_));
  if (names != nullptr && new_config) {
    if (dns_ == nullptr) dns_ = std::make_unique<DnsLane>(deps_.reactor, deps_.resolver, name_, *deps_.cells);
    dns_->Follow(*names);
  }
  const snapshot::Shared<snapshot::EndpointSet>& endpoints = names != nullptr ? dns_->endpoints() : given;
  if (!new_config && views_.front()->endpoints_ == endpoints && views_.front()->tls_ == tls) return;
  if (new_config) deps_.limits->Set(config->upstream);
  // A connection that is shared has its settings for life.
  if (!views_.empty() && views_.front()->settings() != config->upstream) RetireStreams();
  for (std::size_t i = 0; i < views_.size(); ++i) {
    if (views_[i]->config_ != config || views_[i]->endpoints_ != endpoints || views_[i]->tls_ != tls) continue;
    std::swap(views_[0], views_[i]);
    RetirePools();
    return;
  }
  AddView(config, endpoints, tls);
}

View& Cluster::AddView(snapshot::Shared<snapshot::CompiledCluster> config,
                       snapshot::Shared<snapshot::EndpointSet> endpoints,
                       std::shared_ptr<const tls::ClientContext> tls) {
  views_.insert(views_.begin(), std::make_unique<View>(*this, std::move(config), std::move(endpoints), std::move(tls)));
  // The one before stays: requests of the generation before may still ask for it. What a long stream holds does not
  // keep the others.
  auto older = views_.begin() + std::min<std::ptrdiff_t>(2, std::ssize(views_));
  views_.erase(std::remove_if(older, views_.end(), [](const auto& view) { return view->refs_ == 0; }), views_.end());
  RetirePools();
  return *views_.front();
}

// Pools that the shown view does not name keep nothing.
void Cluster::RetirePools() {
  std::vector<const EndpointPool*> named;
  for (const View::Endpoint& endpoint : views_.front()->rows_) named.push_back(endpoint.pool);
  std::sort(named.begin(), named.end());
  for (const auto& [key, pool] : pools_) {
    bool keep = std::binary_search(named.begin(), named.end(), pool.get());
    if (keep == pool->retired()) pool->set_retired(!keep);
  }
}

void Cluster::RetireStreams() {
  for (const auto& [key, pool] : pools_) pool->streams().RetireAll();
}

EndpointPool& Cluster::PoolOf(const io::SocketAddress& address, const tls::ClientContext* tls) {
  std::unique_ptr<EndpointPool>& pool = pools_[{address, tls == nullptr ? "" : tls->policy()}];
  if (pool == nullptr) pool = std::make_unique<EndpointPool>(deps_.reactor, address, *deps_.cells, waiting_);
  return *pool;
}

Task<Status> Cluster::Resolved(Wait wait) {
  if (dns_ == nullptr) return absl::OkStatus();
  if (dns_->endpoints() != nullptr) return absl::OkStatus();
  return dns_->FirstAnswer(wait);
}

Task<Acquired> Cluster::Acquire(View& view, std::size_t endpoint, bool fresh, Wait wait, Offer offer) {
  EndpointPool& pool = *view.rows_[endpoint].pool;
  if (view.config().protocol != Protocol::kHttp1) return AcquireAgreed(view, pool, fresh, offer, wait);
  return AcquireConnection(view, pool, fresh, {}, wait);
}

Task<Acquired> Cluster::Open(View& view, std::size_t endpoint, std::string_view preface, Wait wait) {
  return AcquireNew(view, *view.rows_[endpoint].pool, true, {preface, Offer::kNothing}, wait);
}

Task<Acquired> Cluster::AcquireConnection(View& view, EndpointPool& pool, bool fresh, const Opening& opening,
                                          Wait wait) {
  std::unique_ptr<Connection> idle = fresh ? nullptr : pool.TakeIdle();
  if (idle == nullptr) return AcquireNew(view, pool, fresh, opening, wait);
  return Acquired(std::move(idle));
}

Task<Acquired> Cluster::AcquireNew(View& view, EndpointPool& pool, bool fresh, Opening opening, Wait wait) {
  Lease slot = TakePlace();
  Lease pending;
  while (!slot.ok()) {
    if (!pending.ok()) pending = Lease::Take(pending_);
    if (!pending.ok()) co_return Acquired(AcquireFailure::kOverloaded);
    AcquireFailure failure = co_await WaitForPlace(wait);
    if (failure != AcquireFailure::kNone) co_return Acquired(failure);
    std::unique_ptr<Connection> idle = fresh ? nullptr : pool.TakeIdle();
    if (idle != nullptr) co_return Acquired(std::move(idle));
    slot = TakePlace();
  }
  pending.Release();
  if (waiters_ > 0) AskNeighbours();
  Acquired acquired = co_await Connect(view, pool, std::move(slot), opening, wait);
  if (acquired.failure != AcquireFailure::kNone) PlaceFreed();
  co_return acquired;
}

// Until there may be one: kNone.
Task<AcquireFailure> Cluster::WaitForPlace(Wait wait) {
  AskNeighbours();
  io::Waiter waiter(deps_.reactor, waiting_, wait.Until(After(deps_.reactor.Now(), kLookAgain)));
  ++waiters_;
  io::Woke woke = co_await waiter;
  --waiters_;
  if (waiters_ == 0) self_->wants.store(false, std::memory_order_relaxed);
  if (woke == io::Woke::kCancelled) co_return AcquireFailure::kWaitOver;
  bool late = woke == io::Woke::kDeadline && deps_.reactor.Now() >= wait.deadline;
  co_return late ? AcquireFailure::kNoTurn : AcquireFailure::kNone;
}

Task<Acquired> Cluster::Connect(View& view, EndpointPool& pool, Lease slot, Opening opening, Wait wait) {
  TimePoint start = deps_.reactor.Now();
  Dialed dialed = co_await Dial(view, pool, opening, wait);
  if (dialed.stream == nullptr) co_return Acquired(dialed.failure);
  Duration took = deps_.reactor.Now() - start;
  if (dialed.http2) co_return Share(pool, std::move(dialed.stream), std::move(slot), took);
  TimePoint expires = Expiry(view.settings());
  auto connection = std::make_unique<Connection>(pool, std::move(dialed.stream), std::move(slot), expires);
  co_return Acquired(std::move(connection), took);
}

bool Cluster::CloseSomeIdle() {
  for (const auto& [key, pool] : pools_) {
    if (pool->CloseSome()) return true;
  }
  return false;
}

Lease Cluster::TakePlace() {
  Lease place = Lease::Take(connections_);
  if (!place.ok() && CloseSomeIdle()) place = Lease::Take(connections_);
  return place;
}

// For one place at a time: who gets it asks again if others wait.
void Cluster::AskNeighbours() {
  TimePoint now = deps_.reactor.Now();
  if (self_->wants.load(std::memory_order_relaxed) && now < ask_again_) return;
  ask_again_ = After(now, kLookAgain);
  self_->used.store(connections_.used(), std::memory_order_relaxed);
  self_->wants.store(true, std::memory_order_relaxed);
  deps_.limits->neighbours.Ask(self_);
}

void Cluster::OnAsked(std::shared_ptr<Neighbour> asker) {
  if (!asker->wants.load(std::memory_order_relaxed)) return;
  // What is free while requests wait here is on its way to them.
  bool spare = waiters_ == 0 && (connections_.Yield() || (CloseSomeIdle() && connections_.Yield()));
  if (spare) return Hand(asker);
  bool known = std::find(asked_by_.begin(), asked_by_.end(), asker) != asked_by_.end();
  if (!known) asked_by_.push_back(std::move(asker));
}

void Cluster::OnPlace(LoosePlace place) {
  if (waiting_.empty()) return;
  place.Settle();
  connections_.Adopt();
  waiting_.WakeOne();
}

// REQUIRES: the place was yielded by connections_.
void Cluster::Hand(const std::shared_ptr<Neighbour>& asker) {
  LoosePlace place(deps_.limits);
  bool first = asker->wants.exchange(false, std::memory_order_relaxed);
  if (first) deps_.limits->neighbours.Hand(asker, std::move(place));
}

// The worker that should have a place which becomes free here and leaves this one with USED; null: this one. While
// requests wait on both sides, places move only towards balance, since every move costs a connection.
std::shared_ptr<Neighbour> Cluster::NextInTurn(std::int64_t used) {
  std::erase_if(asked_by_, [](const auto& asker) { return !asker->wants.load(std::memory_order_relaxed); });
  for (const std::shared_ptr<Neighbour>& asker : asked_by_) {
    std::int64_t theirs = asker->used.load(std::memory_order_relaxed);
    if (waiters_ == 0 || theirs == 0 || used > theirs) return asker;
  }
  return nullptr;
}

void Cluster::PlaceFreed() {
  std::shared_ptr<Neighbour> next = asked_by_.empty() ? nullptr : NextInTurn(connections_.used());
  if (next != nullptr && connections_.Yield()) Hand(next);
  waiting_.WakeOne();
}

void Cluster::Reuse(std::unique_ptr<Connection> connection, const snapshot::UpstreamSettings& settings) {
  if (!asked_by_.empty() && NextInTurn(connections_.used() - 1) != nullptr) return Discard(std::move(connection));
  EndpointPool& pool = connection->pool();
  pool.Give(std::move(connection), settings.idle_timeout);
  waiting_.WakeOne();
}

void Cluster::Discard(std::unique_ptr<Connection> connection) {
  connection.reset();
  PlaceFreed();
}

bool Cluster::BeginRetry(std::uint32_t max_retries, std::uint32_t budget_percent) {
  std::int64_t budget = std::max<std::int64_t>(max_retries, active_requests() * budget_percent / 100);
  if (retries_ >= budget) return false;
  ++retries_;
  return true;
}

void Cluster::Stop() {
  stopped_ = true;
  if (dns_ != nullptr) dns_->Stop();
  for (const auto& [key, pool] : pools_) pool->set_retired(true);
}

void Cluster::Sweep() {
  std::erase_if(old_dns_, [](const std::unique_ptr<DnsLane>& lane) { return lane->stopped(); });
  std::erase_if(views_, [&](const std::unique_ptr<View>& view) { return view != views_.front() && view->refs_ == 0; });
  absl::flat_hash_map<const EndpointPool*, bool> named;
  for (const std::unique_ptr<View>& view : views_) {
    for (const View::Endpoint& endpoint : view->rows_) named[endpoint.pool] = true;
  }
  absl::erase_if(pools_,
                 [&](const auto& entry) { return entry.second->unused() && !named.contains(entry.second.get()); });
}

bool Cluster::unused() const {
  if ((dns_ != nullptr && !dns_->stopped()) || !old_dns_.empty()) return false;
  for (const std::unique_ptr<View>& view : views_) {
    if (view->refs_ != 0) return false;
  }
  for (const auto& [key, pool] : pools_) {
    if (!pool->unused()) return false;
  }
  return waiting_.empty();
}

}  // namespace penstock::upstream
