// The patience with clients of HTTP/2. Time is faked; nothing sleeps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "test/integration/http2/h2_client.h"

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
namespace h2 = http::h2::testing;

const char kPatient[] =
    "rules { matches { prefix: '/' } forward { clusters { cluster: 'up' weight: 1 } request_timeout_off: true "
    "backend_timeout_off: true } }";
const char kHttp2[] = "http2 { prior_knowledge: true }";

class Http2TimeTest : public ::testing::Test {
 protected:
  void Serve(const std::string& more = "") {
    gateway.ServeShop(upstream.port(), kPatient, more.empty() ? kHttp2 : more);
  }
  // Lets everything that can happen now happen, then moves time.
  void Advance(Duration by) {
    Settle();
    clock.Advance(by);
    Settle();
  }
  void Settle() {
    for (int i = 0; i < 50; ++i) gateway.reactor().Turn(Duration(0));
  }

  FakeClock clock;
  TestGateway gateway{&clock};
  FakeUpstream upstream{gateway.reactor()};
};

TEST_F(Http2TimeTest, ClosesAConnectionThatDoesNotSayWhatItSpeaks) {
  Serve();
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "PRI * HTTP/2.0\r\n");
  Advance(9s);
  EXPECT_EQ(gateway.downstream().connections(), 1u);
  Advance(2s);
  EXPECT_EQ(gateway.ReadUntil(*client, "never"), "");
}

TEST_F(Http2TimeTest, ClosesAConnectionThatSaysNothingSoonWhileItDrains) {
  Serve();
  std::unique_ptr<io::TcpStream> early = gateway.Connect();
  Settle();
  gateway.downstream().Drain();
  std::unique_ptr<io::TcpStream> late = gateway.Connect();
  Settle();
  ASSERT_EQ(gateway.downstream().connections(), 2u);
  Advance(1100ms);
  EXPECT_EQ(gateway.downstream().connections(), 0u);
}

TEST_F(Http2TimeTest, ClosesAConnectionThatSaysNothingButThePreface) {
  Serve();
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, http::h2::ServerConnection::kPreface);
  Advance(9s);
  EXPECT_EQ(gateway.downstream().connections(), 1u);
  Advance(2s);
  Advance(3s);
  EXPECT_EQ(gateway.downstream().connections(), 0u);
}

TEST_F(Http2TimeTest, EndsAConnectionThatIsIdle) {
  Serve();
  H2Client client(gateway);
  EXPECT_EQ(client.Get().status(), 200);
  for (int i = 0; i < 29; ++i) Advance(10s);
  EXPECT_FALSE(client.ended());
  EXPECT_GE(client.pings, 4) << "it was asked whether it is there";
  Advance(11s);
  Settle();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(client.goaways().back().code, 0);
}

TEST_F(Http2TimeTest, GivesUpAPeerThatDoesNotAnswer) {
  Serve();
  upstream.script.silent = true;
  H2Client client(gateway);
  client.answer_pings = false;
  client.Ask(h2::Get());
  Advance(61s);
  EXPECT_EQ(client.pings, 1);
  Advance(19s);
  EXPECT_FALSE(client.ended());
  Advance(2s);
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(gateway.downstream().exchanges().lent(), 0u);
}

TEST_F(Http2TimeTest, AsksNobodyWhereThatIsOff) {
  Serve("http2 { prior_knowledge: true ping_interval { seconds: 0 } }");
  H2Client client(gateway);
  for (int i = 0; i < 28; ++i) Advance(10s);
  EXPECT_EQ(client.pings, 0);
  EXPECT_FALSE(client.ended());
}

TEST_F(Http2TimeTest, EndsAConnectionWhoseHeaderBlockDoesNotEndInTime) {
  Serve();
  H2Client client(gateway);
  Settle();  // nothing may come between the frames of a block, not even the client's answer to SETTINGS
  std::string block = h2::Block(h2::Get());
  client.Send(h2::Bytes(FrameType::kHeaders, kEndStream, 1, block.substr(0, 5)));
  Advance(6s);
  client.Send(h2::Bytes(FrameType::kContinuation, 0, 1, block.substr(5, 1)));
  Advance(6s);
  Settle();
  EXPECT_TRUE(client.ended()) << "progress does not help";
  ASSERT_EQ(client.goaways().size(), 1u);
  EXPECT_EQ(client.goaways().back().code, 11);
  EXPECT_EQ(gateway.proxy().stats.Listener("shop/web/http").client_timeouts.Read(), 1u);
}

TEST_F(Http2TimeTest, GivesUpARequestWhoseContentComesTooSlowly) {
  Serve();
  H2Client client(gateway);
  uint32_t slow = client.Ask(h2::Post({{"content-length", "1000000"}}), false);
  for (int i = 0; i < 7; ++i) {
    client.Send(h2::DataFrame(slow, 0, "x"));
    Advance(5s);
  }
  EXPECT_EQ(client.Await(slow).status(), 408);
  EXPECT_EQ(client.Get().status(), 200) << "the connection goes on";
}

TEST_F(Http2TimeTest, GivesUpAClientThatDoesNotTakeAResponse) {
  upstream.script.response = "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + std::string(1 << 20, 'x');
  Serve();
  H2Client client(gateway, h2::Setting(4, 100));
  client.open_windows = false;
  uint32_t stream = client.Ask(h2::Get());
  for (int i = 0; i < 11; ++i) Advance(5s);
  EXPECT_EQ(client.response(stream).content.size(), 100u);
  EXPECT_EQ(client.response(stream).reset, -1);
  for (int i = 0; i < 3; ++i) Advance(5s);
  EXPECT_EQ(client.response(stream).reset, 8);
  EXPECT_EQ(gateway.downstream().exchanges().lent(), 0u);
  EXPECT_EQ(gateway.proxy().stats.cells().local_replies[static_cast<size_t>(Reason::kClientTooSlow)].Read(), 1u);
}

TEST_F(Http2TimeTest, EndsAConnectionThatIsTooOldAfterItsRequests) {
  Serve("http2 { prior_knowledge: true } max_connection_age { seconds: 100 }");
  H2Client client(gateway);
  uint32_t running = client.Ask(h2::Post(), false);
  for (int i = 0; i < 4; ++i) client.Send(h2::DataFrame(running, 0, std::string(15'000, 'x')));
  Advance(55s);
  client.Send(h2::DataFrame(running, 0, "x"));
  Advance(56s);
  ASSERT_EQ(client.goaways().size(), 2u);
  EXPECT_EQ(client.goaways()[1].last, running);
  client.Send(h2::DataFrame(running, kEndStream, "x"));
  EXPECT_EQ(client.Await(running).status(), 200);
  Settle();
  EXPECT_TRUE(client.ended());
}

TEST_F(Http2TimeTest, WaitsASecondForAClientThatDoesNotAnswerTheDrain) {
  Serve();
  H2Client client(gateway);
  client.answer_pings = false;
  EXPECT_EQ(client.Get().status(), 200);
  gateway.downstream().Drain();
  Settle();
  EXPECT_EQ(client.goaways().size(), 1u);
  Advance(1100ms);
  EXPECT_EQ(client.goaways().size(), 2u);
  Settle();
  EXPECT_TRUE(client.ended());
}

TEST_F(Http2TimeTest, ClosesThoughTheClientNeitherReadsNorLeaves) {
  upstream.script.response = "HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n" + std::string(64 << 20, 'x');
  Serve();
  H2Client client(gateway, h2::Setting(4, 0x7FFF'FFFF));
  client.Send(h2::Bytes(FrameType::kWindowUpdate, 0, 0, h2::Number(0x7000'0000)));
  Settle();
  client.read = false;
  client.Ask(h2::Get());
  for (int i = 0; i < 90; ++i) Advance(5s);
  EXPECT_EQ(gateway.downstream().connections(), 0u);
}

}  // namespace
}  // namespace penstock::test
