// Clients that come through a Unix socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

namespace t = snapshot::testing;
using ::testing::HasSubstr;
using ::testing::Not;

class UnixSocket : public ::testing::Test {
 protected:
  void Serve(const std::string& client_settings = "") {
    std::string upstream_port = std::to_string(upstream_.port());
    gateway_.Serve(
        {t::Listener("shop/web/http",
                     StrCat("addresses: 'unix:", path_, "' port: 80 protocol: HTTP client { ", client_settings, " }")),
         t::Cluster("up"),
         t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream_port, " weight: 1 }")),
         t::Route("shop/all", StrCat("attachments { listener: 'shop/web/http' } ", kAll))});
  }

  std::unique_ptr<io::TcpStream> Connect() {
    return *gateway_.reactor().BlockOn(io::Connect(gateway_.reactor(), *io::SocketAddress::Unix(path_), Wait{}));
  }

  std::string Send(std::string_view bytes) {
    std::unique_ptr<io::TcpStream> stream = Connect();
    gateway_.WriteTo(*stream, bytes);
    return gateway_.ReadUntil(*stream, "\x01 never");
  }

  // Short: the folder of a test may be longer than the path of a socket can be.
  const std::string path_ = StrCat("/tmp/penstock-unix-socket-test-", getpid(), ".sock");
  TestGateway gateway_;
  FakeUpstream upstream_{gateway_.reactor()};
};

TEST_F(UnixSocket, CarriesRequestsOfClientsWithoutAnAddress) {
  Serve();
  EXPECT_THAT(Send(kGet), HasSubstr("HTTP/1.1 200 OK"));
  ASSERT_EQ(upstream_.requests.size(), 1u);
  EXPECT_THAT(upstream_.requests[0], Not(HasSubstr("x-forwarded-for")));
  EXPECT_THAT(upstream_.requests[0], Not(HasSubstr("x-forwarded-port")));
  EXPECT_THAT(upstream_.requests[0], HasSubstr("x-forwarded-host: a.test"));
}

TEST_F(UnixSocket, BelievesTheProxyProtocolOfWhoeverMayConnect) {
  Serve("proxy_protocol: REQUIRED trusted_proxies: '0.0.0.0/32'");
  EXPECT_THAT(Send(StrCat("PROXY TCP4 203.0.113.7 192.0.2.1 50000 80\r\n", kGet)), HasSubstr("HTTP/1.1 200 OK"));
  ASSERT_EQ(upstream_.requests.size(), 1u);
  EXPECT_THAT(upstream_.requests[0], HasSubstr("x-forwarded-for: 203.0.113.7\r\n"));
}

TEST_F(UnixSocket, IsGoneWithItsListenerAndItsConnectionsStay) {
  Serve();
  std::unique_ptr<io::TcpStream> stream = Connect();
  gateway_.Serve({});
  EXPECT_FALSE(std::filesystem::exists(path_));
  gateway_.WriteTo(*stream, kGet);
  EXPECT_THAT(gateway_.ReadUntil(*stream, "\x01 never"), HasSubstr("HTTP/1.1 404 "));
}

}  // namespace
}  // namespace penstock::test
