// TCP connections over a gateway, with the upstreams in the test's own hands.
#include "dataplane/base/strings.h"
#include "dataplane/io/proxy_protocol/proxy_protocol.h"
#include "test/integration/layer4/layer4_fixture.h"

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class TcpTest : public Layer4Test {
 protected:
  ByteUpstream upstream_{gateway_.reactor()};
};

TEST_F(TcpTest, CarriesBytesBothWaysAndSaysSoAtTheEnd) {
  Serve({.endpoints = upstream_.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = upstream_.Accept();
  Write(*client, "ping");
  EXPECT_EQ(Read(*server), "ping");
  Write(*server, "pong!");
  EXPECT_EQ(Read(*client), "pong!");
  EXPECT_EQ(RouteCells().sessions_active.Read(), 1);
  End(*client);
  EXPECT_EQ(Read(*server), "");
  End(*server);
  EXPECT_EQ(Read(*client), "");

  std::string line = NextLogLine();
  EXPECT_THAT(line, HasSubstr("\"protocol\":\"tcp\""));
  EXPECT_THAT(line, HasSubstr("\"listener\":\"edge/gw/l4\",\"route\":\"edge/route\",\"rule\":0,\"cluster\":\"up\""));
  EXPECT_THAT(line, HasSubstr(StrCat("\"endpoint\":\"", upstream_.address().ToString(), "\"")));
  EXPECT_THAT(line, HasSubstr("\"bytes_in\":4,\"bytes_out\":5,"));
  EXPECT_THAT(line, HasSubstr(StrCat("\"peer\":\"", client->local().ToString(), "\"")));
  EXPECT_THAT(line, HasSubstr("\"tries\":1"));
  EXPECT_THAT(line, Not(HasSubstr("reason")));
  EXPECT_EQ(RouteCells().sessions.Read(), 1u);
  EXPECT_EQ(RouteCells().sessions_active.Read(), 0);
  EXPECT_EQ(RouteCells().session_bytes_in.Read(), 4u);
  EXPECT_EQ(RouteCells().session_bytes_out.Read(), 5u);
  EXPECT_EQ(ClusterCells().session_bytes_sent.Read(), 4u);
  EXPECT_EQ(ClusterCells().session_bytes_received.Read(), 5u);
  EXPECT_EQ(ClusterCells().connections_active.Read(), 0);
}

TEST_F(TcpTest, LetsTheServerSpeakFirst) {
  Serve({.endpoints = upstream_.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = upstream_.Accept();
  Write(*server, "220 mail.test");
  EXPECT_EQ(Read(*client), "220 mail.test");
}

TEST_F(TcpTest, CarriesMuchInBothDirectionsAtOnce) {
  Serve({.endpoints = upstream_.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = upstream_.Accept();
  std::string up(8 << 20, 'u');
  std::string down(8 << 20, 'd');
  std::string_view up_pieces[] = {up};
  std::string_view down_pieces[] = {down};
  Child<Status> upload, download;
  upload.Start(client->Write(up_pieces, Wait{}));
  download.Start(server->Write(down_pieces, Wait{}));
  EXPECT_TRUE(ReadAtLeast(*server, up.size()) == up);
  EXPECT_TRUE(ReadAtLeast(*client, down.size()) == down);
  EXPECT_TRUE(gateway_.RunUntil([&] { return !upload.running() && !download.running(); }));
}

TEST_F(TcpTest, PassesAResetOnInBothDirections) {
  Serve({.endpoints = upstream_.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = upstream_.Accept();
  Write(*client, "x");
  EXPECT_EQ(Read(*server), "x");
  client->Reset();
  EXPECT_TRUE(WasReset(*server));
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"client_gone\""));

  client = Connect();
  server = upstream_.Accept();
  Write(*client, "x");
  EXPECT_EQ(Read(*server), "x");
  server->Reset();
  EXPECT_TRUE(WasReset(*client));
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"upstream_aborted\""));
}

TEST_F(TcpTest, TakesAnotherEndpointIfOneRefuses) {
  ByteUpstream down(gateway_.reactor());
  down.StopListening();
  Serve({.endpoints = down.AsEndpoint() + upstream_.AsEndpoint()});
  for (int i = 0; i < 4; ++i) {
    StreamPtr client = Connect();
    StreamPtr server = upstream_.Accept();
    Write(*server, "here");
    EXPECT_EQ(Read(*client), "here");
  }
}

TEST_F(TcpTest, ResetsWhoCannotBeServedAndLogsWhy) {
  ByteUpstream down(gateway_.reactor());
  down.StopListening();
  const std::string kOne = upstream_.AsEndpoint();
  const struct {
    const char* reason;
    Setup setup;
  } kCases[] = {
      {"no_route", {.route = "", .endpoints = kOne}},
      {"no_backend", {.route = "tunnel { clusters { cluster: 'up' weight: 0 } }", .endpoints = kOne}},
      {"no_backend", {.route = "tunnel {}", .endpoints = kOne}},
      {"backend_unresolved", {.route = "tunnel { clusters { weight: 1 problem: 'gone' } }", .endpoints = kOne}},
      {"no_endpoints", {.endpoints = ""}},
      {"no_endpoints", {.endpoints = upstream_.AsEndpoint(0)}},
      {"upstream_connect_failed", {.endpoints = down.AsEndpoint()}},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.reason);
    Serve(c.setup);
    StreamPtr client = Connect();
    EXPECT_TRUE(WasReset(*client));
    EXPECT_THAT(NextLogLine(), HasSubstr(StrCat("\"reason\":\"", c.reason, "\"")));
  }
  EXPECT_FALSE(upstream_.HasConnection());
  EXPECT_EQ(RouteCells("").sessions.Read(), 1u) << "no route matched once";
}

TEST_F(TcpTest, PicksClustersByWeight) {
  ByteUpstream other(gateway_.reactor());
  Serve({.route = "tunnel { clusters { cluster: 'up' weight: 3 } clusters { cluster: 'other' weight: 1 } }",
         .endpoints = upstream_.AsEndpoint()},
        {snapshot::testing::Cluster("other"), snapshot::testing::Endpoints("other", other.AsEndpoint())});
  int picked[2] = {};
  for (int i = 0; i < 100; ++i) {
    StreamPtr client = Connect();
    auto both = [&] { return upstream_.HasConnection() || other.HasConnection(); };
    ASSERT_TRUE(gateway_.RunUntil(both));
    ++picked[upstream_.HasConnection() ? 0 : 1];
    client->Close();
    upstream_.Drop();
    other.Drop();
    NextLogLine();
  }
  EXPECT_GT(picked[0], 55);
  EXPECT_GT(picked[1], 5);
}

TEST_F(TcpTest, TellsTheUpstreamByTheProxyProtocolWhoTheClientIs) {
  Serve({.cluster = "proxy_protocol: V1", .endpoints = upstream_.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = upstream_.Accept();
  Write(*client, "hello");
  std::string header = StrCat("PROXY TCP4 127.0.0.1 127.0.0.1 ", client->local().port(), " ", port_, "\r\n");
  EXPECT_EQ(ReadAtLeast(*server, header.size() + 5), header + "hello");

  Serve({.cluster = "proxy_protocol: V2", .endpoints = upstream_.AsEndpoint()});
  client = Connect();
  server = upstream_.Accept();
  std::string bytes = ReadAtLeast(*server, 28);
  io::ProxyHeader parsed = io::ParseProxyHeader(bytes);
  ASSERT_TRUE(parsed.addresses.has_value());
  EXPECT_EQ(parsed.addresses->source_port, client->local().port());
  EXPECT_EQ(parsed.addresses->destination_port, port_);
}

TEST_F(TcpTest, CarriesBetweenIpv4AndIpv6) {
  ByteUpstream six(gateway_.reactor(), "[::1]:0");
  Serve({.endpoints = six.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = six.Accept();
  Write(*client, "4 to 6");
  EXPECT_EQ(Read(*server), "4 to 6");

  port_ = 0;
  Serve({.cluster = "proxy_protocol: V1", .endpoints = upstream_.AsEndpoint(), .ip = "::1"});
  client = Connect();
  server = upstream_.Accept();
  Write(*client, "6 to 4");
  std::string header = StrCat("PROXY TCP6 ::1 ::1 ", client->local().port(), " ", port_, "\r\n");
  EXPECT_EQ(ReadAtLeast(*server, header.size() + 6), header + "6 to 4");
}

TEST_F(TcpTest, RefusesConnectionsBeyondTheListenersLimit) {
  Serve({.listener = "protocol: TCP client { max_connections: 1 }", .endpoints = upstream_.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = upstream_.Accept();
  StreamPtr second = Connect();
  EXPECT_EQ(Read(*second), "");
  Write(*client, "still here");
  EXPECT_EQ(Read(*server), "still here");
  EXPECT_EQ(gateway_.proxy().stats.Listener("edge/gw/l4").connections_refused.Read(), 1u);
}

TEST_F(TcpTest, RefusesConnectionsBeyondTheClustersLimit) {
  Serve({.cluster = "upstream { max_connections: 1 connect_timeout { nanos: 5000000 } }",
         .endpoints = upstream_.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = upstream_.Accept();
  StreamPtr second = Connect();
  EXPECT_TRUE(WasReset(*second));
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"upstream_overloaded\""));
}

TEST_F(TcpTest, OutlivesItsGenerationWithoutKeepingIt) {
  Serve({.endpoints = upstream_.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = upstream_.Accept();
  const proxy::Generation& first = *gateway_.proxy().generation;
  ByteUpstream other(gateway_.reactor());
  Serve({.endpoints = other.AsEndpoint()});
  EXPECT_EQ(first.holders.load(), 0);
  StreamPtr next = Connect();
  StreamPtr next_server = other.Accept();
  Write(*client, "still here");
  EXPECT_EQ(Read(*server), "still here");
  gateway_.Serve({});  // not even its listener is there any more
  Write(*server, "me too");
  EXPECT_EQ(Read(*client), "me too");
}

TEST_F(TcpTest, GoesOnWhileTheGatewayDrainsUntilTheDeadline) {
  Serve({.endpoints = upstream_.AsEndpoint()});
  StreamPtr client = Connect();
  StreamPtr server = upstream_.Accept();
  gateway_.downstream().Drain();
  Write(*client, "still here");
  EXPECT_EQ(Read(*server), "still here");
  gateway_.downstream().Abort();
  EXPECT_TRUE(WasReset(*client));
  EXPECT_TRUE(WasReset(*server));
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"shutting_down\""));
}

class TcpTimeTest : protected HasClock, public Layer4Test {
 protected:
  TcpTimeTest() : Layer4Test(&clock_) {}
  void Advance(Duration by) {
    Settle();
    clock_.Advance(by);
    Settle();
  }
  ByteUpstream upstream_{gateway_.reactor()};
};

TEST_F(TcpTimeTest, EndsAnIdleTunnelAfterTheRoutesTimeoutElseTheListeners) {
  const struct {
    const char* listener;
    const char* route;
    Duration idle;
  } kCases[] = {
      {"protocol: TCP", "tunnel { clusters { cluster: 'up' weight: 1 } }", 1h},
      {"protocol: TCP client { tunnel_idle_timeout { seconds: 100 } }",
       "tunnel { clusters { cluster: 'up' weight: 1 } }", 100s},
      {"protocol: TCP client { tunnel_idle_timeout { seconds: 100 } }",
       "tunnel { clusters { cluster: 'up' weight: 1 } idle_timeout { seconds: 10 } }", 10s},
  };
  for (const auto& c : kCases) {
    Serve({.listener = c.listener, .route = c.route, .endpoints = upstream_.AsEndpoint()});
    StreamPtr client = Connect();
    StreamPtr server = upstream_.Accept();
    Write(*client, "x");
    EXPECT_EQ(Read(*server), "x");
    Advance(c.idle - 1s);
    EXPECT_EQ(gateway_.downstream().connections(), 1u);
    Advance(2s);
    EXPECT_TRUE(WasReset(*client));
    EXPECT_TRUE(WasReset(*server));
    EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"tunnel_idle\""));
  }
}

}  // namespace
}  // namespace penstock::test
