// Connections that begin with a PROXY protocol header, for every kind of listener.
#include "dataplane/io/proxy_protocol/proxy_protocol.h"

#include "dataplane/base/strings.h"
#include "test/integration/layer4/layer4_fixture.h"

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const char kTrusting[] = "client { proxy_protocol: REQUIRED trusted_proxies: '127.0.0.1/32' }";
const char kHeader[] = "PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n";

class ProxyProtocolTest : protected HasClock, public Layer4Test {
 protected:
  ProxyProtocolTest() : Layer4Test(&clock_) {}
  void ServeTcp(const std::string& client = kTrusting, const std::string& cluster = "") {
    Serve({.listener = StrCat("protocol: TCP ", client), .cluster = cluster, .endpoints = upstream_.AsEndpoint()});
  }
  void ServeHttp(uint16_t upstream_port) {
    port_ = FreePort();
    ip_ = "127.0.0.1";
    namespace t = snapshot::testing;
    gateway_.Serve(
        {t::Listener("edge/gw/l4", StrCat("addresses: '127.0.0.1' port: ", port_, " protocol: HTTP ", kTrusting)),
         t::Cluster("up"),
         t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream_port, " weight: 1 }")),
         t::Route("edge/route",
                  "attachments { listener: 'edge/gw/l4' } rules { forward { clusters { "
                  "cluster: 'up' weight: 1 } } }")});
  }
  ByteUpstream upstream_{gateway_.reactor()};
};

TEST_F(ProxyProtocolTest, NamesTheClientOfATunnelToLogAndUpstream) {
  ServeTcp(kTrusting, "proxy_protocol: V1");
  StreamPtr client = Connect();
  Write(*client, StrCat(kHeader, "hello"));
  StreamPtr server = upstream_.Accept();
  EXPECT_EQ(ReadAtLeast(*server, sizeof(kHeader) - 1 + 5), StrCat(kHeader, "hello"));
  std::string proxy = client->local().ToString();
  client->Close();
  server->Close();
  EXPECT_THAT(NextLogLine(), HasSubstr(StrCat("\"peer\":\"203.0.113.7:4711\",\"proxy\":\"", proxy, "\"")));
}

TEST_F(ProxyProtocolTest, MayComeByteByByte) {
  ServeTcp();
  StreamPtr client = Connect();
  for (char c : std::string_view(kHeader)) {
    Write(*client, {&c, 1});
    gateway_.reactor().Turn(Duration(0));
  }
  Write(*client, "hello");
  StreamPtr server = upstream_.Accept();
  EXPECT_EQ(ReadAtLeast(*server, 5), "hello");
}

TEST_F(ProxyProtocolTest, NamesTheClientOfARequest) {
  FakeUpstream http(gateway_.reactor());
  ServeHttp(http.port());
  for (const std::string& header :
       {std::string(kHeader),
        io::WriteProxyHeader(io::ProxyVersion::kV2, io::ProxyAddresses{*IpAddress::Parse("203.0.113.7"), 4711,
                                                                       *IpAddress::Parse("192.0.2.1"), 443})}) {
    StreamPtr client = Connect();
    Write(*client, header + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(ReadAtLeast(*client, 1000), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(http.requests.back(), HasSubstr("x-forwarded-for: 203.0.113.7\r\n"));
    EXPECT_THAT(NextLogLine(), HasSubstr("\"peer\":\"203.0.113.7:4711\",\"client\":\"203.0.113.7\""));
  }
}

TEST_F(ProxyProtocolTest, LeavesTheConnectionsOwnAddressesIfTheProxySpeaksForItself) {
  ServeTcp(kTrusting, "proxy_protocol: V1");
  for (const std::string& header :
       {std::string("PROXY UNKNOWN\r\n"), io::WriteProxyHeader(io::ProxyVersion::kV2, {})}) {
    StreamPtr client = Connect();
    Write(*client, header);
    StreamPtr server = upstream_.Accept();
    std::string expected = StrCat("PROXY TCP4 127.0.0.1 127.0.0.1 ", client->local().port(), " ", port_, "\r\n");
    EXPECT_EQ(ReadAtLeast(*server, expected.size()), expected);
  }
}

TEST_F(ProxyProtocolTest, RefusesPeersThatAreNotTrusted) {
  ServeTcp("client { proxy_protocol: REQUIRED trusted_proxies: '192.0.2.0/24' }");
  StreamPtr client = Connect();
  Write(*client, kHeader);
  EXPECT_EQ(ReadAtLeast(*client, 1), "");
  std::string line = NextLogLine();
  EXPECT_THAT(line, HasSubstr("\"reason\":\"proxy_header\",\"detail\":\"the peer is not in trustedProxies\""));
  EXPECT_THAT(line, HasSubstr(StrCat("\"peer\":\"", client->local().ToString(), "\"")));
  EXPECT_FALSE(upstream_.HasConnection());
}

TEST_F(ProxyProtocolTest, RefusesConnectionsThatBeginWithSomethingElse) {
  ServeTcp();
  StreamPtr client = Connect();
  Write(*client, "GET / HTTP/1.1\r\n");
  EXPECT_EQ(ReadAtLeast(*client, 1), "");
  EXPECT_THAT(NextLogLine(),
              HasSubstr("\"reason\":\"proxy_header\",\"detail\":\"the connection begins with something else\""));
  EXPECT_FALSE(upstream_.HasConnection());
}

TEST_F(ProxyProtocolTest, WaitsThreeSecondsForTheHeader) {
  ServeTcp();
  StreamPtr client = Connect();
  Write(*client, "PROXY TCP4 ");
  Settle();
  clock_.Advance(2900ms);
  Settle();
  EXPECT_EQ(gateway_.downstream().connections(), 1u);
  clock_.Advance(200ms);
  Settle();
  EXPECT_EQ(gateway_.downstream().connections(), 0u);
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"proxy_header\""));
}

TEST_F(ProxyProtocolTest, LogsNothingOfWhoOnlyLooksWhetherSomebodyIsHere) {
  ServeTcp();
  Connect()->Close();
  Settle();
  StreamPtr client = Connect();
  Write(*client, "nonsense\r\n");
  EXPECT_EQ(ReadAtLeast(*client, 1), "");
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"proxy_header\"")) << "the first line is the second connection's";
}

TEST_F(ProxyProtocolTest, IsBytesLikeAllOthersIfNobodyAskedForIt) {
  ServeTcp("");
  StreamPtr client = Connect();
  Write(*client, kHeader);
  StreamPtr server = upstream_.Accept();
  EXPECT_EQ(ReadAtLeast(*server, sizeof(kHeader) - 1), kHeader);
}

}  // namespace
}  // namespace penstock::test
