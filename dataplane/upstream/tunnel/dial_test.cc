#include "dataplane/upstream/tunnel/dial.h"

#include "dataplane/upstream/testing/upstream_fixture.h"

namespace penstock::upstream {
namespace {

using std::chrono::milliseconds;
using Action = ScriptedUpstream::Action;

class DialTest : public UpstreamTest {
 protected:
  ScriptedUpstream& Server() {
    return Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  }
  Dialed DialOnce(Cluster& cluster, std::string preface = "", Wait wait = {}) {
    return reactor_->BlockOn(Dial(cluster.view(), 1, std::move(preface), wait));
  }
};

TEST_F(DialTest, GivesAConnectionOfItsOwnThatNeverGoesToThePool) {
  ScriptedUpstream& server = Server();
  Cluster& cluster = Use({&server});
  EXPECT_EQ(Send(cluster).status, 200);
  EXPECT_EQ(Cells().connections_idle.Read(), 1);
  Dialed dialed = DialOnce(cluster);
  ASSERT_EQ(dialed.reason, Reason::kNone);
  EXPECT_EQ(dialed.endpoint, server.address().ToString());
  EXPECT_EQ(dialed.tries, 1u);
  EXPECT_EQ(dialed.endpoints_epoch, 1u);
  EXPECT_GE(dialed.connect, Duration::zero());
  EXPECT_EQ(Cells().connections_active.Read(), 2);
  cluster.Discard(std::move(dialed.connection));
  EXPECT_EQ(Cells().connections_active.Read(), 1);
  EXPECT_EQ(Cells().connections_idle.Read(), 1);
}

TEST_F(DialTest, BeginsTheConnectionWithThePreface) {
  ScriptedUpstream& server = Server();
  Cluster& cluster = Use({&server});
  Dialed dialed = DialOnce(cluster, "GET /preface HTTP/1.1\r\n\r\n");
  ASSERT_EQ(dialed.reason, Reason::kNone);
  while (server.requests().empty()) reactor_->Turn(Duration::max());
  EXPECT_EQ(server.requests()[0], "GET /preface HTTP/1.1\r\n\r\n");
  cluster.Discard(std::move(dialed.connection));
}

TEST_F(DialTest, TriesAnotherEndpointIfOneRefuses) {
  ScriptedUpstream& down = Server();
  ScriptedUpstream& up = Server();
  down.StopListening();
  Cluster& cluster = Use({&down, &up});
  for (int i = 0; i < 4; ++i) {
    Dialed dialed = DialOnce(cluster);
    ASSERT_EQ(dialed.reason, Reason::kNone);
    EXPECT_EQ(dialed.endpoint, up.address().ToString());
    cluster.Discard(std::move(dialed.connection));
  }
  EXPECT_EQ(Cells().connection_failures.Read(), 1u) << "an endpoint that refused is left alone for a while";
}

TEST_F(DialTest, TriesThreeEndpointsAtMost) {
  std::vector<const ScriptedUpstream*> down;
  for (int i = 0; i < 5; ++i) {
    ScriptedUpstream& server = Server();
    server.StopListening();
    down.push_back(&server);
  }
  Dialed dialed = DialOnce(Use(down));
  EXPECT_EQ(dialed.reason, Reason::kUpstreamConnectFailed);
  EXPECT_EQ(dialed.tries, kMaxDials);
  EXPECT_EQ(dialed.connection, nullptr);
}

TEST_F(DialTest, SaysWhenThereIsNobodyToConnectTo) { EXPECT_EQ(DialOnce(Use({})).reason, Reason::kNoEndpoints); }

TEST_F(DialTest, WaitsForAPlaceAndGivesUpInTime) {
  config_.upstream.max_connections = 1;
  config_.upstream.connect_timeout = milliseconds(5);
  ScriptedUpstream& server = Server();
  Cluster& cluster = Use({&server});
  Dialed first = DialOnce(cluster);
  ASSERT_EQ(first.reason, Reason::kNone);
  EXPECT_EQ(DialOnce(cluster).reason, Reason::kUpstreamOverloaded);
  EXPECT_EQ(Cells().limit_refusals.Read(), 1u);
  cluster.Discard(std::move(first.connection));
  Dialed second = DialOnce(cluster);
  EXPECT_EQ(second.reason, Reason::kNone);
  cluster.Discard(std::move(second.connection));
}

TEST_F(DialTest, ResolvesTheNamesOfACluster) {
  ScriptedUpstream& server = Server();
  resolver_.answers["db.test"] = {.addresses = {server.address().ip()}, .ttl = std::chrono::seconds(60)};
  auto config = std::make_shared<snapshot::CompiledCluster>(config_);
  config->discovery =
      snapshot::DnsDiscovery{.names = {{"db.test", server.address().port(), 1}}, .refresh = std::chrono::seconds(30)};
  Cluster& cluster = upstreams_->Use(config, nullptr);
  Dialed dialed = DialOnce(cluster);
  ASSERT_EQ(dialed.reason, Reason::kNone);
  EXPECT_EQ(dialed.endpoint, server.address().ToString());
  cluster.Discard(std::move(dialed.connection));
}

TEST_F(DialTest, EndsWhenItIsCancelled) {
  config_.upstream.max_connections = 1;
  ScriptedUpstream& server = Server();
  Cluster& cluster = Use({&server});
  Dialed first = DialOnce(cluster);
  Cancellation gone;
  Child<Dialed> second;
  second.Start(Dial(cluster.view(), 1, "", {kNoDeadline, &gone}));
  ASSERT_TRUE(second.running());
  gone.Cancel();
  EXPECT_EQ(reactor_->BlockOn(second.Join()).connection, nullptr);
  EXPECT_EQ(Cells().limit_refusals.Read(), 0u);
  cluster.Discard(std::move(first.connection));
}

}  // namespace
}  // namespace penstock::upstream
