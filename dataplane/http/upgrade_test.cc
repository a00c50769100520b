#include "dataplane/http/upgrade.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/http/h1/head_parser.h"

namespace penstock::http {
namespace {

// What the codec finds in a head with these lines.
std::string WishOf(std::string line, std::string fields) {
  std::string bytes = line + "\r\nHost: a\r\n" + fields + "\r\n";
  RequestHead head;
  h1::RequestParser parser(h1::HeadLimits{});
  EXPECT_EQ(parser.Parse({bytes.data(), bytes.size()}, head), h1::Progress::kDone) << bytes;
  return std::string(head.upgrade);
}

bool Switches(std::string bytes, std::string_view protocol) {
  ResponseHead head;
  h1::ResponseParser parser(h1::HeadLimits{});
  EXPECT_EQ(parser.Parse({bytes.data(), bytes.size()}, Method::kGet, head), h1::Progress::kDone) << bytes;
  return SwitchesTo(head, protocol);
}

constexpr char kGet[] = "GET /chat HTTP/1.1";
constexpr char kUpgrade[] = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

TEST(Upgrade, IsWishedForWithOneTokenThatConnectionLists) {
  EXPECT_EQ(WishOf(kGet, kUpgrade), "websocket");
  EXPECT_EQ(WishOf(kGet, "Upgrade: WebSocket\r\nConnection: keep-alive, UPGRADE\r\n"), "WebSocket");
  EXPECT_EQ(WishOf(kGet, "Connection: x\r\nConnection: upgrade\r\nUpgrade: my-proto_1.0\r\n"), "my-proto_1.0");
  EXPECT_EQ(WishOf(kGet, std::string(kUpgrade) + "Content-Length: 0\r\n"), "websocket");
}

TEST(Upgrade, IsNoWishInAnyOtherForm) {
  const std::string fields[] = {
      "Upgrade: websocket\r\n",
      "Connection: Upgrade\r\n",
      "Connection: keep-alive\r\nUpgrade: websocket\r\n",
      "Connection: upgrades\r\nUpgrade: websocket\r\n",
      "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
      "Connection: Upgrade\r\nUpgrade: websocket,\r\n",
      "Connection: Upgrade\r\nUpgrade: ,websocket\r\n",
      "Connection: Upgrade\r\nUpgrade: websocket/13\r\n",
      "Connection: Upgrade\r\nUpgrade: web socket\r\n",
      "Connection: Upgrade\r\nUpgrade:\r\n",
      "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n",
      "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n",
      "Connection: close, Upgrade\r\nUpgrade: websocket\r\n",
      "Connection: Upgrade\r\nConnection: close\r\nUpgrade: websocket\r\n",
      "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n",
      "Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n",
  };
  for (const std::string& form : fields) EXPECT_EQ(WishOf(kGet, form), "") << form;
  for (const char* line : {"GET /chat HTTP/1.0", "POST /chat HTTP/1.1", "HEAD /chat HTTP/1.1", "OPTIONS * HTTP/1.1",
                           "CONNECT a:80 HTTP/1.1", "get /chat HTTP/1.1"}) {
    EXPECT_EQ(WishOf(line, kUpgrade), "") << line;
  }
}

TEST(Upgrade, IsDoneByA101ThatNamesTheSameProtocol) {
  const std::string ends = "\r\n\r\n";
  EXPECT_TRUE(Switches("HTTP/1.1 101 Yes\r\nUpgrade: WebSocket\r\nConnection: upgrade" + ends, "websocket"));
  EXPECT_FALSE(Switches("HTTP/1.1 101 Yes\r\nUpgrade: h2c\r\nConnection: upgrade" + ends, "websocket"));
  EXPECT_FALSE(Switches("HTTP/1.1 101 Yes\r\nUpgrade: websocket, h2c\r\nConnection: upgrade" + ends, "websocket"));
  EXPECT_FALSE(Switches("HTTP/1.1 101 Yes\r\nUpgrade: websocket" + ends, "websocket"));
  EXPECT_FALSE(Switches("HTTP/1.1 101 Yes\r\nConnection: upgrade" + ends, "websocket"));
  EXPECT_FALSE(Switches("HTTP/1.0 101 Yes\r\nUpgrade: websocket\r\nConnection: upgrade" + ends, "websocket"));
  EXPECT_FALSE(Switches("HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: upgrade" + ends, "websocket"));
  EXPECT_FALSE(Switches("HTTP/1.1 101 Yes\r\nUpgrade: \r\nConnection: upgrade" + ends, ""));
}

}  // namespace
}  // namespace penstock::http
