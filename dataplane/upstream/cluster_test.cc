#include "dataplane/upstream/cluster.h"

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/testing.h"
#include "dataplane/upstream/testing/upstream_fixture.h"

namespace penstock::upstream {
namespace {

// No cluster speaks TLS.
struct Cleartext final : ClientContexts {
  const std::shared_ptr<const tls::ClientContext>* FindClient(std::string_view) const override { return nullptr; }
};

using std::chrono::milliseconds;
using std::chrono::seconds;
using Action = ScriptedUpstream::Action;
using Then = ScriptedUpstream::Action::Then;

class ClusterTest : public UpstreamTest {};

TEST_F(ClusterTest, KeepsItsConnectionsWhenTheEndpointsAreNamedAgain) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(Use({&server})).status, 200);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClusterTest, ClosesTheConnectionsOfAnEndpointThatIsGone) {
  ScriptedUpstream& old = Serve([](int, int) { return ScriptedUpstream::Reply("old"); });
  ScriptedUpstream& young = Serve([](int, int) { return ScriptedUpstream::Reply("new"); });
  EXPECT_EQ(Send(Use({&old})).content, "old");
  EXPECT_EQ(Cells().connections_idle.Read(), 1);
  Cluster& cluster = Use({&young});
  EXPECT_EQ(Cells().connections_idle.Read(), 0);
  EXPECT_EQ(Send(cluster).content, "new");
}

TEST_F(ClusterTest, ARequestKeepsTheEndpointsOfItsGeneration) {
  ScriptedUpstream& old = Serve([](int, int) { return ScriptedUpstream::Reply("old"); });
  ScriptedUpstream& young = Serve([](int, int) { return ScriptedUpstream::Reply("new"); });
  Cluster& cluster = Use({&old});
  ViewRef view = cluster.view();
  Use({&young});
  EXPECT_EQ(view->endpoints()[0].pool->address(), old.address());
  EXPECT_EQ(cluster.view()->endpoints()[0].pool->address(), young.address());
}

// The cluster "c" at SERVER as a generation says it, and something that has nothing to do with it.
std::shared_ptr<const snapshot::Snapshot> Generation(const snapshot::Snapshot* previous, const ScriptedUpstream& server,
                                                     int unrelated) {
  namespace t = snapshot::testing;
  std::vector<snapshot::Resource> resources = {t::Cluster(StrCat("other-", unrelated))};
  if (previous == nullptr) {
    resources.push_back(t::Cluster("c"));
    resources.push_back(t::Endpoints("c", StrCat("endpoints { address: '", server.address().ip().ToString(),
                                                 "' port: ", server.address().port(), " weight: 1 }")));
  }
  return t::MustCompile(previous, {.upserts = std::move(resources), .removals = {}, .generation = {}});
}

TEST_F(ClusterTest, KeepsItsConnectionsThroughGenerationsThatDoNotTouchIt) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  std::vector<std::shared_ptr<const snapshot::Snapshot>> generations;
  Cluster* cluster = nullptr;
  for (int i = 0; i < 5; ++i) {
    generations.push_back(Generation(i == 0 ? nullptr : generations.back().get(), server, i));
    upstreams_->OnSnapshot(*generations.back());
    Cluster* found = upstreams_->Find(*generations.back(), Cleartext(), "c");
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(i == 0 || found == cluster);
    cluster = found;
    EXPECT_EQ(Send(*cluster).status, 200);
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(upstreams_->Find(*generations.back(), Cleartext(), "unknown"), nullptr);
  upstreams_->Stop();
}

TEST(Upstreams, ForgetAClusterThatNoGenerationNamesAnyMore) {
  FakeClock clock;
  std::unique_ptr<io::Reactor> reactor = *io::Reactor::Create({.clock = &clock, .seed = 1});
  FakeResolver resolver;
  telemetry::Registry registry({.workers = 1, .max_series = 100, .reasons = {}});
  telemetry::WorkerStats stats(registry, 0, registry.Update(nullptr, {}, {}));
  ProcessLimits limits(1);
  Upstreams upstreams(*reactor, resolver, limits, stats);
  auto first = snapshot::testing::MustCompile(nullptr, {{snapshot::testing::Cluster("c")}, {}, {}});
  upstreams.OnSnapshot(*first);
  ASSERT_NE(upstreams.Find(*first, Cleartext(), "c"), nullptr);
  auto second = snapshot::testing::MustCompile(first.get(), {{}, {{std::string(snapshot::kClusterType), "c"}}, {}});
  upstreams.OnSnapshot(*second);
  EXPECT_EQ(upstreams.size(), 1u) << "requests of the generation before may still ask for it";
  clock.Advance(Upstreams::kSweep + seconds(1));
  reactor->Turn(Duration(0));
  EXPECT_EQ(upstreams.size(), 0u);
  upstreams.Stop();
}

TEST_F(ClusterTest, UsesTheConnectionThatWasUsedLast) {
  ScriptedUpstream& server =
      Serve([](int connection, int) { return ScriptedUpstream::Reply(std::to_string(connection)); });
  Cluster& cluster = Use({&server});
  ViewRef view = cluster.view();
  Acquired a = reactor_->BlockOn(cluster.Acquire(*view, 0, false, {}));
  Acquired b = reactor_->BlockOn(cluster.Acquire(*view, 0, false, {}));
  Connection* last = b.connection.get();
  cluster.Reuse(std::move(a.connection), view->settings());
  cluster.Reuse(std::move(b.connection), view->settings());
  Acquired again = reactor_->BlockOn(cluster.Acquire(*view, 0, false, {}));
  EXPECT_EQ(again.connection.get(), last);
  EXPECT_TRUE(again.reused);
  cluster.Discard(std::move(again.connection));
}

TEST_F(ClusterTest, ClosesAConnectionThatIsIdleForTooLong) {
  config_.upstream.idle_timeout = milliseconds(10);
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  Send(Use({&server}));
  EXPECT_EQ(Cells().connections_idle.Read(), 1);
  while (Cells().connections_idle.Read() > 0) reactor_->Turn(Duration::max());
}

TEST_F(ClusterTest, DropsAConnectionOnWhichTheServerSpeaksUnasked) {
  ScriptedUpstream& server =
      Serve([](int, int request) { return request == 0 ? ScriptedUpstream::Reply("x") : Action{}; });
  Send(Use({&server}));
  server.CloseConnections();
  while (Cells().connections_idle.Read() > 0) reactor_->Turn(Duration::max());
  EXPECT_EQ(Cells().connections_active.Read(), 0);
}

TEST_F(ClusterTest, WaitsForAConnectionsPlaceWhenAllAreTaken) {
  config_.upstream.max_connections = 1;
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  Cluster& cluster = Use({&server});
  ViewRef view = cluster.view();
  Acquired first = reactor_->BlockOn(cluster.Acquire(*view, 0, false, {}));
  Child<Acquired> second;
  second.Start(cluster.Acquire(*view, 0, false, {}));
  EXPECT_TRUE(second.running());
  cluster.Reuse(std::move(first.connection), view->settings());
  Acquired got = reactor_->BlockOn(second.Join());
  EXPECT_TRUE(got.reused);
  EXPECT_EQ(server.connections(), 1);
  Acquired late =
      reactor_->BlockOn(cluster.Acquire(*view, 0, false, {After(reactor_->Now(), milliseconds(5)), nullptr}));
  EXPECT_EQ(late.failure, AcquireFailure::kNoTurn);
  cluster.Discard(std::move(got.connection));
}

// Two workers of a process at one cluster, both in this thread. Their clock stands still, so that no wait ends by time.
class TwoWorkersTest : public ClusterTest {
 protected:
  struct Worker {
    explicit Worker(TwoWorkersTest& test, int index)
        : reactor(*io::Reactor::Create({.clock = &test.clock_, .seed = 1})),
          stats(test.both_, index, test.series_),
          upstreams(std::make_unique<Upstreams>(*reactor, test.resolver_, test.shared_, stats)) {}
    ~Worker() {
      upstreams->Stop();
      while (reactor->tasks() > 0) reactor->Turn(seconds(1));
    }
    std::unique_ptr<io::Reactor> reactor;
    telemetry::WorkerStats stats;
    std::unique_ptr<Upstreams> upstreams;
    Cluster* cluster = nullptr;
    ViewRef view;
    std::optional<Child<Acquired>> acquiring;
    std::unique_ptr<Connection> connection;

    void Ask(Wait wait = {}) { acquiring.emplace().Start(cluster->Acquire(*view, 0, false, wait)); }
    void Finish() { cluster->Reuse(std::move(connection), view->settings()); }
  };

  TwoWorkersTest() {
    config_.upstream.max_connections = 1;
    ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
    auto config = std::make_shared<snapshot::CompiledCluster>(config_);
    auto endpoints = std::make_shared<snapshot::EndpointSet>();
    endpoints->endpoints.push_back(
        {.address = "127.0.0.1", .port = server.address().port(), .weight = 1, .zone = "", .hostname = ""});
    for (Worker* worker : {&a_, &b_}) {
      worker->cluster = &worker->upstreams->Use(config, endpoints);
      worker->view = worker->cluster->view();
    }
  }

  ~TwoWorkersTest() override {
    a_.view = ViewRef();
    b_.view = ViewRef();
  }

  // Lets everybody run until WORKER has its connection. Nothing in here takes more than some turns.
  bool Gets(Worker& worker) {
    for (int i = 0; i < 200 && worker.acquiring->running(); ++i) {
      for (Worker* one : {&a_, &b_}) one->reactor->Turn(milliseconds(1));
      reactor_->Turn(Duration::zero());
    }
    if (worker.acquiring->running()) return false;
    Acquired acquired = worker.reactor->BlockOn(worker.acquiring->Join());
    worker.connection = std::move(acquired.connection);
    return worker.connection != nullptr;
  }

  FakeClock clock_;
  ProcessLimits shared_{2};
  telemetry::Registry both_{{.workers = 2, .max_series = 100, .reasons = {}}};
  std::shared_ptr<const telemetry::SeriesSet> series_ =
      both_.Update(nullptr, {.listeners = {}, .routes = {}, .clusters = {"c"}}, {});
  Worker a_{*this, 0};
  Worker b_{*this, 1};
};

TEST_F(TwoWorkersTest, AnIdleConnectionOfAnotherWorkerMakesRoomAtOnce) {
  for (int i = 0; i < 3; ++i) {
    for (Worker* worker : {&a_, &b_}) {
      worker->Ask();
      ASSERT_TRUE(Gets(*worker)) << i;
      worker->Finish();
    }
  }
}

TEST_F(TwoWorkersTest, AWorkerWithoutAPlaceIsNextWhenABusyOneFinishes) {
  a_.Ask();
  ASSERT_TRUE(Gets(a_));
  b_.Ask();
  EXPECT_FALSE(Gets(b_));
  std::unique_ptr<Connection> first = std::move(a_.connection);
  a_.Ask();
  a_.cluster->Reuse(std::move(first), a_.view->settings());
  ASSERT_TRUE(Gets(b_)) << "although requests wait in the other worker, too";
  b_.Finish();
  ASSERT_TRUE(Gets(a_));
  a_.Finish();
}

TEST_F(TwoWorkersTest, NobodyLosesAConnectionForARequestThatLeft) {
  a_.Ask();
  ASSERT_TRUE(Gets(a_));
  Cancellation left;
  b_.Ask({kNoDeadline, &left});
  EXPECT_FALSE(Gets(b_));
  left.Cancel();
  EXPECT_FALSE(Gets(b_));
  a_.Finish();
  a_.Ask();
  ASSERT_TRUE(Gets(a_));
  EXPECT_EQ(a_.stats.Cluster("c").connections_opened.Read(), 1u) << "it kept its connection: nobody wanted it";
  a_.Finish();
}

TEST_F(ClusterTest, ARequestThatNeverGotAPlaceSaysThatALimitWasReached) {
  config_.upstream.max_connections = 1;
  rule_.request_timeout = rule_.backend_timeout = milliseconds(5);
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  Cluster& cluster = Use({&server});
  ViewRef view = cluster.view();
  Acquired first = reactor_->BlockOn(cluster.Acquire(*view, 0, false, {}));
  EXPECT_EQ(Send(cluster).reason, Reason::kUpstreamOverloaded);
  EXPECT_EQ(Cells().limit_refusals.Read(), 1u);
  cluster.Discard(std::move(first.connection));
}

TEST_F(ClusterTest, RefusesWhenTooManyWait) {
  config_.upstream.max_connections = 0;
  config_.upstream.max_pending = 0;
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  EXPECT_EQ(Send(Use({&server})).reason, Reason::kUpstreamOverloaded);
}

TEST_F(ClusterTest, AnIdleConnectionElsewhereMakesRoom) {
  config_.upstream.max_connections = 1;
  ScriptedUpstream& a = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  ScriptedUpstream& b = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  Cluster& cluster = Use({&a, &b});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Send(cluster).status, 200);
  EXPECT_EQ(a.requests().size(), 2u);
  EXPECT_EQ(b.requests().size(), 2u);
}

TEST_F(ClusterTest, AConnectThatNobodyAnswersTimesOut) {
  config_.upstream.connect_timeout = milliseconds(20);
  // A listener with a full queue drops further SYNs.
  io::Fd full = *io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {.backlog = 0, .reuse_port = false});
  io::SocketAddress address = *io::BoundAddress(full);
  auto config = std::make_shared<snapshot::CompiledCluster>(config_);
  auto endpoints = std::make_shared<snapshot::EndpointSet>();
  endpoints->endpoints.push_back(
      {.address = "127.0.0.1", .port = address.port(), .weight = 1, .zone = "", .hostname = ""});
  Cluster& cluster = upstreams_->Use(config, endpoints);
  ViewRef view = cluster.view();
  std::vector<Acquired> queued;
  AcquireFailure failure = AcquireFailure::kNone;
  for (int i = 0; i < 5 && failure == AcquireFailure::kNone; ++i) {
    queued.push_back(reactor_->BlockOn(cluster.Acquire(*view, 0, true, {})));
    failure = queued.back().failure;
  }
  EXPECT_EQ(failure, AcquireFailure::kConnectTimeout);
  EXPECT_TRUE(view->endpoints()[0].pool->Paused(reactor_->Now()));

  // FAULTS D11: while one request finds out whether it is back, the others do not wait for it.
  Child<Acquired> probe;
  probe.Start(cluster.Acquire(*view, 0, true, {}));
  Result refused = Send(cluster);
  EXPECT_EQ(refused.reason, Reason::kUpstreamConnectFailed);
  EXPECT_EQ(refused.tries, 0u);
  EXPECT_EQ(reactor_->BlockOn(probe.Join()).failure, AcquireFailure::kConnectTimeout);
}

class DnsClusterTest : public UpstreamTest {
 protected:
  DnsClusterTest() : server_(Serve([](int, int) { return ScriptedUpstream::Reply("x"); })) {
    config_.discovery =
        snapshot::DnsDiscovery{.names = {{"shop.test", server_.address().port(), 1}}, .refresh = seconds(30)};
  }
  ScriptedUpstream& server_;
};

TEST_F(DnsClusterTest, ResolvesBeforeTheFirstRequest) {
  resolver_.answers["shop.test"] = {.addresses = {*IpAddress::Parse("127.0.0.1")}, .ttl = seconds(9)};
  auto config = std::make_shared<snapshot::CompiledCluster>(config_);
  EXPECT_EQ(Send(upstreams_->Use(config, nullptr)).content, "x");
  EXPECT_EQ(Send(upstreams_->Use(config, nullptr)).content, "x");
  EXPECT_EQ(resolver_.asked, 1);
}

TEST_F(DnsClusterTest, ANameThatNeverResolvedHasNoEndpoints) {
  auto config = std::make_shared<snapshot::CompiledCluster>(config_);
  EXPECT_EQ(Send(upstreams_->Use(config, nullptr)).reason, Reason::kNoEndpoints);
  EXPECT_EQ(Cells().dns_failures.Read(), 1u);
}

// FAULTS D08.
TEST(DnsLane, KeepsTheLastGoodAddressesAndAsksAgainWhenTheRecordsRunOut) {
  FakeClock clock;
  std::unique_ptr<io::Reactor> reactor = *io::Reactor::Create({.clock = &clock, .seed = 1});
  FakeResolver resolver;
  telemetry::ClusterCells cells;
  IpAddress first = *IpAddress::Parse("10.0.0.1"), second = *IpAddress::Parse("10.0.0.2");
  resolver.answers["a.test"] = {.addresses = {first}, .ttl = seconds(0)};
  DnsLane lane(*reactor, resolver, "c", cells);
  lane.Follow({.names = {{"a.test", 80, 3}}, .refresh = seconds(30)});
  ASSERT_NE(lane.endpoints(), nullptr);
  EXPECT_EQ(lane.endpoints()->endpoints[0].weight, 3u);
  EXPECT_EQ(lane.endpoints()->epoch, 1u);

  resolver.answers.clear();
  clock.Advance(seconds(1));
  reactor->Turn(Duration::zero());
  EXPECT_EQ(resolver.asked, 2);
  EXPECT_EQ(cells.dns_failures.Read(), 1u);
  EXPECT_EQ(lane.endpoints()->endpoints[0].address, "10.0.0.1");
  EXPECT_EQ(lane.endpoints()->epoch, 1u);

  resolver.answers["a.test"] = {.addresses = {second}, .ttl = seconds(3600)};
  clock.Advance(DnsLane::kRetry);
  reactor->Turn(Duration::zero());
  EXPECT_EQ(lane.endpoints()->endpoints[0].address, "10.0.0.2");
  EXPECT_EQ(lane.endpoints()->epoch, 2u);

  clock.Advance(seconds(26));
  reactor->Turn(Duration::zero());
  EXPECT_EQ(resolver.asked, 3);
  clock.Advance(seconds(4));
  reactor->Turn(Duration::zero());
  EXPECT_EQ(resolver.asked, 4);

  lane.Stop();
  reactor->Turn(Duration::zero());
  EXPECT_TRUE(lane.stopped());
}

TEST_F(ClusterTest, MirrorsACopyWithItsContentAndDropsTheAnswer) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("main"); });
  ScriptedUpstream& shadow = Serve([](int, int) { return ScriptedUpstream::Reply("dropped"); });
  Cluster& mirror = Use({&shadow}, "m");
  std::vector<Cluster*> mirrors = {&mirror};
  Cluster& cluster = Use({&server});
  for (std::size_t size : {std::size_t{0}, std::size_t{1000}, kReplayBytes + 1}) {
    PiecesBody body({std::string(size / 2, 'a'), std::string(size - size / 2, 'b')});
    Exchange x(&reactor_->blocks());
    Get(x, size == 0 ? http::Method::kGet : http::Method::kPost);
    if (size > 0) SetBody(x, body, {http::Framing::Kind::kChunked, 0});
    EXPECT_EQ(Send(x, cluster, mirrors).content, "main");
    while (upstreams_->mirrors_running() > 0) reactor_->Turn(Duration::max());
  }
  ASSERT_EQ(shadow.requests().size(), 2u);
  EXPECT_EQ(shadow.requests()[0], server.requests()[0]);
  EXPECT_EQ(shadow.requests()[1], server.requests()[1]);
  EXPECT_EQ(stats_.Cluster("m").mirrored.Read(), 2u);
  EXPECT_EQ(stats_.Cluster("m").mirrors_skipped.Read(), 1u);
}

TEST_F(ClusterTest, AMirrorThatStallsHoldsNobodyUp) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("main"); });
  ScriptedUpstream& shadow = Serve([](int, int) { return Action{.bytes = "", .then = Then::kStall}; });
  std::vector<Cluster*> mirrors = {&Use({&shadow}, "m")};
  Exchange x(&reactor_->blocks());
  EXPECT_EQ(Send(x, Use({&server}), mirrors).content, "main");
  EXPECT_EQ(upstreams_->mirrors_running(), 1u);
}

}  // namespace
}  // namespace penstock::upstream
