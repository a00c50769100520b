// Datagrams through a gateway, with clients and upstreams in the test's own hands.
#include "dataplane/base/strings.h"
#include "dataplane/io/net/udp_socket.h"
#include "test/integration/layer4/layer4_fixture.h"

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

// A socket of the test, and what has come to it.
class UdpParty {
 public:
  // Bound to a free port of IP, or connected to PEER.
  UdpParty(TestGateway& gateway, const std::string& ip)
      : gateway_(gateway), socket_(*io::UdpSocket::Create(gateway.reactor(), *io::ListenUdp(Any(ip)))) {}
  UdpParty(TestGateway& gateway, const io::SocketAddress& peer)
      : gateway_(gateway), socket_(*io::UdpSocket::Connect(gateway.reactor(), peer)) {}

  const io::SocketAddress& address() const { return socket_->local(); }
  std::string AsEndpoint() const {
    return StrCat("endpoints { address: '", address().ip().ToString(), "' port: ", address().port(), " weight: 1 } ");
  }
  void Say(std::string_view text) { EXPECT_EQ(socket_->Send({&text, 1}), 1u); }
  // To whom the last datagram came from.
  void Answer(std::string_view text) { EXPECT_EQ(socket_->SendTo({&text, 1}, from_, IpAddress()), 1u); }
  // The next datagram.
  std::string Hear() {
    EXPECT_TRUE(gateway_.RunUntil([this] { return HasHeard(); }));
    if (heard_.empty()) return "(nothing)";
    std::string text = heard_.front();
    heard_.erase(heard_.begin());
    return text;
  }
  bool HasHeard() {
    while (socket_->ReceiveNow(room_).ok() && room_.size() > 0) {
      for (size_t i = 0; i < room_.size(); ++i) heard_.emplace_back(room_.bytes(i));
      from_ = room_.from(room_.size() - 1);
    }
    return !heard_.empty();
  }
  const io::SocketAddress& from() const { return from_; }
  void Close() { socket_->Close(); }

 private:
  static io::SocketAddress Any(const std::string& ip) { return io::SocketAddress::Ip(*IpAddress::Parse(ip), 0); }

  TestGateway& gateway_;
  std::unique_ptr<io::UdpSocket> socket_;
  io::DatagramBatch room_;
  io::SocketAddress from_;
  std::vector<std::string> heard_;
};

class UdpTest : public HasClock, public Layer4Test {
 protected:
  UdpTest() : Layer4Test(&clock_) {}

  void ServeUdp(Setup setup) {
    if (setup.listener == "protocol: TCP") setup.listener = "protocol: UDP";
    Serve(setup);
  }
  io::SocketAddress Gateway(const std::string& ip) const { return io::SocketAddress::Ip(*IpAddress::Parse(ip), port_); }
  UdpParty Client() { return UdpParty(gateway_, Gateway(ip_)); }

  UdpParty upstream_{gateway_, "127.0.0.1"};
};

TEST_F(UdpTest, CarriesDatagramsBothWaysAndSaysSoAtTheEnd) {
  ServeUdp({.endpoints = upstream_.AsEndpoint()});
  UdpParty client = Client();
  client.Say("one");
  client.Say("two!");
  EXPECT_EQ(upstream_.Hear(), "one");
  EXPECT_EQ(upstream_.Hear(), "two!");
  upstream_.Answer("");
  EXPECT_EQ(client.Hear(), "") << "an empty datagram is one, too";
  upstream_.Answer("answer");
  EXPECT_EQ(client.Hear(), "answer");
  EXPECT_EQ(RouteCells().sessions_active.Read(), 1);
  EXPECT_EQ(gateway_.downstream().connections(), 1u);

  clock_.Advance(61s);
  std::string line = NextLogLine();
  EXPECT_THAT(line, HasSubstr("\"protocol\":\"udp\""));
  EXPECT_THAT(line, HasSubstr(StrCat("\"endpoint\":\"", upstream_.address().ToString(), "\"")));
  EXPECT_THAT(line, HasSubstr("\"bytes_in\":7,\"bytes_out\":6,\"datagrams_in\":2,\"datagrams_out\":2,"));
  EXPECT_THAT(line, HasSubstr(StrCat("\"peer\":\"", client.address().ToString(), "\"")));
  EXPECT_THAT(line, Not(HasSubstr("reason"))) << "to be idle is how a session ends";
  EXPECT_EQ(RouteCells().sessions_active.Read(), 0);
  EXPECT_EQ(gateway_.downstream().connections(), 0u);
}

TEST_F(UdpTest, KeepsAClientWithItsEndpointAndGivesOthersAnother) {
  UdpParty second(gateway_, "127.0.0.1");
  ServeUdp({.endpoints = upstream_.AsEndpoint() + second.AsEndpoint()});
  std::vector<int> heard = {0, 0};
  for (int i = 0; i < 6; ++i) {
    UdpParty client = Client();
    client.Say("first");
    EXPECT_TRUE(gateway_.RunUntil([&] { return upstream_.HasHeard() || second.HasHeard(); }));
    bool at_second = second.HasHeard();
    UdpParty& server = at_second ? second : upstream_;
    EXPECT_EQ(server.Hear(), "first");
    client.Say("again");
    EXPECT_EQ(server.Hear(), "again");
    ++heard[at_second];
  }
  EXPECT_EQ(heard, (std::vector<int>{3, 3})) << "by turns";
}

TEST_F(UdpTest, EndsASessionOnlyWhenNothingComesFromEitherSide) {
  ServeUdp({.listener = "protocol: UDP client { tunnel_idle_timeout { seconds: 10 } }",
            .endpoints = upstream_.AsEndpoint()});
  UdpParty client = Client();
  client.Say("ask");
  EXPECT_EQ(upstream_.Hear(), "ask");
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(8s);
    upstream_.Answer("still");
    EXPECT_EQ(client.Hear(), "still");
    clock_.Advance(8s);
    client.Say("more");
    EXPECT_EQ(upstream_.Hear(), "more");
  }
  EXPECT_EQ(RouteCells().sessions.Read(), 1u);
  clock_.Advance(11s);
  EXPECT_THAT(NextLogLine(), HasSubstr("\"datagrams_in\":6,\"datagrams_out\":5,"));
}

TEST_F(UdpTest, CarriesTheLargestDatagram) {
  ServeUdp({.endpoints = upstream_.AsEndpoint()});
  UdpParty client = Client();
  std::string large(65'507, 'x');
  client.Say(large);
  EXPECT_TRUE(upstream_.Hear() == large);
  upstream_.Answer(large);
  EXPECT_TRUE(client.Hear() == large);
}

TEST_F(UdpTest, AnswersFromTheAddressThatWasAsked) {
  ServeUdp({.endpoints = upstream_.AsEndpoint(), .ip = "0.0.0.0"});
  UdpParty client(gateway_, Gateway("127.0.0.7"));
  client.Say("ask");
  EXPECT_EQ(upstream_.Hear(), "ask");
  upstream_.Answer("answer");
  EXPECT_EQ(client.Hear(), "answer") << "a connected socket hears its peer only";
}

TEST_F(UdpTest, CarriesBetweenIpv4AndIpv6) {
  UdpParty six(gateway_, "::1");
  ServeUdp({.endpoints = six.AsEndpoint()});
  UdpParty client = Client();
  client.Say("from four");
  EXPECT_EQ(six.Hear(), "from four");
  six.Answer("from six");
  EXPECT_EQ(client.Hear(), "from six");
}

TEST_F(UdpTest, LooksForAnotherEndpointOnceOneSaysThatNobodyIsThere) {
  UdpParty gone(gateway_, "127.0.0.1");
  std::string endpoints = gone.AsEndpoint();
  gone.Close();
  ServeUdp({.endpoints = endpoints});
  UdpParty client = Client();
  client.Say("hello");
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"upstream_connect_failed\""));
  EXPECT_EQ(RouteCells().sessions_active.Read(), 0);
  UdpParty other = Client();
  other.Say("hello");
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"upstream_connect_failed\"")) << "it is there, and left alone";
}

TEST_F(UdpTest, HasNoMoreSessionsThanTheListenerMayHaveConnections) {
  ServeUdp({.listener = "protocol: UDP client { max_connections: 2 }", .endpoints = upstream_.AsEndpoint()});
  UdpParty first = Client(), second = Client(), third = Client();
  first.Say("1");
  EXPECT_EQ(upstream_.Hear(), "1");
  second.Say("2");
  EXPECT_EQ(upstream_.Hear(), "2");
  third.Say("3");
  telemetry::ListenerCells& cells = gateway_.proxy().stats.Listener("edge/gw/l4");
  EXPECT_TRUE(gateway_.RunUntil([&] { return cells.connections_refused.Read() == 1; }));
  first.Say("1 again");
  EXPECT_EQ(upstream_.Hear(), "1 again");
  EXPECT_FALSE(upstream_.HasHeard());
}

TEST_F(UdpTest, SaysWhyNothingIsCarried) {
  ServeUdp({.route = "", .endpoints = upstream_.AsEndpoint()});
  UdpParty client = Client();
  client.Say("hello");
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"no_route\""));
  EXPECT_EQ(gateway_.downstream().connections(), 0u);
}

TEST_F(UdpTest, EndsItsSessionsWhenTheListenerGoes) {
  ServeUdp({.endpoints = upstream_.AsEndpoint()});
  UdpParty client = Client();
  client.Say("hello");
  EXPECT_EQ(upstream_.Hear(), "hello");
  gateway_.downstream().StopListeningEverywhere();
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"shutting_down\""));
  EXPECT_EQ(gateway_.downstream().connections(), 0u);
}

}  // namespace
}  // namespace penstock::test
