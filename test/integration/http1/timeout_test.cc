// The patience with clients and upstreams. Time is faked; nothing sleeps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const char kPatient[] =
    "rules { matches { prefix: '/' } forward { clusters { cluster: 'up' weight: 1 } request_timeout_off: true "
    "backend_timeout_off: true } }";
const char kDefault[] = "rules { matches { prefix: '/' } forward { clusters { cluster: 'up' weight: 1 } } }";

class TimeoutTest : public ::testing::Test {
 protected:
  // Lets everything that can happen now happen, then moves time.
  void Advance(Duration by) {
    for (int i = 0; i < 50; ++i) gateway.reactor().Turn(Duration(0));
    clock.Advance(by);
    for (int i = 0; i < 50; ++i) gateway.reactor().Turn(Duration(0));
  }

  FakeClock clock;
  TestGateway gateway{&clock};
  FakeUpstream upstream{gateway.reactor()};
};

TEST_F(TimeoutTest, ClosesAConnectionThatSaysNothing) {
  gateway.ServeShop(upstream.port(), kDefault);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 1; }));
  Advance(9s);
  EXPECT_EQ(gateway.downstream().connections(), 1u);
  Advance(2s);
  EXPECT_EQ(gateway.downstream().connections(), 0u);
}

TEST_F(TimeoutTest, AnswersAHeadThatDoesNotEndInTime) {
  gateway.ServeShop(upstream.port(), kDefault);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n");
  Advance(6s);
  gateway.WriteTo(*client, "X: progress does not help\r\n");
  Advance(6s);
  EXPECT_THAT(gateway.ReadUntil(*client, "never"), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(TimeoutTest, ClosesAnIdleConnectionWithoutAWord) {
  gateway.ServeShop(upstream.port(), kDefault);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(gateway.ReadUntil(*client, "\r\n\r\nok"), EndsWith("ok"));
  Advance(59s);
  EXPECT_EQ(gateway.downstream().connections(), 1u);
  Advance(2s);
  EXPECT_EQ(gateway.ReadUntil(*client, "never"), "");
}

TEST_F(TimeoutTest, GivesUpAClientThatSendsItsContentTooSlowly) {
  gateway.ServeShop(upstream.port(), kPatient);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 7; ++i) {
    gateway.WriteTo(*client, "x");
    Advance(5s);
  }
  EXPECT_THAT(gateway.ReadUntil(*client, "never"), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(TimeoutTest, GivesUpAClientThatTakesAResponseTooSlowlyAfterAMinute) {
  // So much a second that what the kernel's buffers took earns next to no time.
  gateway.ServeShop(upstream.port(), kPatient, "min_body_rate: 100000000");
  constexpr size_t kContent = 32 << 20;
  upstream.script.response =
      StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", kContent, "\r\n\r\n") + std::string(kContent, 'x');
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(gateway.RunUntil([&] { return upstream.requests.size() == 1; }));
  for (int i = 0; i < 2000; ++i) gateway.reactor().Turn(Duration(0));  // until those buffers are full
  Advance(58s);
  EXPECT_EQ(gateway.downstream().connections(), 1u);
  Advance(3s);
  EXPECT_EQ(gateway.downstream().connections(), 0u);
}

TEST_F(TimeoutTest, ClosesIdleConnectionsSoonWhileItDrains) {
  gateway.ServeShop(upstream.port(), kDefault);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(gateway.ReadUntil(*client, "\r\n\r\nok"), EndsWith("ok"));
  gateway.downstream().Drain();
  Advance(900ms);
  EXPECT_EQ(gateway.downstream().connections(), 1u);
  Advance(200ms);
  EXPECT_EQ(gateway.downstream().connections(), 0u);
}

TEST_F(TimeoutTest, AnswersForAnUpstreamThatDoesNot) {
  gateway.ServeShop(upstream.port(), kDefault);
  upstream.script.silent = true;
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(gateway.RunUntil([&] { return upstream.requests.size() == 1; }));
  Advance(16s);
  std::string response = gateway.ReadUntil(*client, "in time.");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 504 Gateway Timeout\r\n"));
  EXPECT_THAT(response, HasSubstr("x-penstock-reason: upstream_timeout\r\n"));
}

TEST_F(TimeoutTest, EndsAConnectionThatIsOldOrHasAskedEnough) {
  gateway.ServeShop(
      upstream.port(), kDefault,
      "max_requests_per_connection: 2 max_connection_age { seconds: 100 } keepalive_timeout { seconds: 1000 }");
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  for (int i = 0; i < 2; ++i) gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(gateway.ReadUntil(*client, "never"), HasSubstr("connection: close\r\n"));
  EXPECT_EQ(upstream.requests.size(), 2u);

  client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(gateway.ReadUntil(*client, "\r\n\r\nok"), Not(HasSubstr("connection: close")));
  Advance(80s);
  EXPECT_EQ(gateway.downstream().connections(), 1u);
  Advance(31s);
  EXPECT_EQ(gateway.ReadUntil(*client, "never"), "");
}

}  // namespace
}  // namespace penstock::test
