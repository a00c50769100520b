// What becomes of a wish to switch protocols: granted, dropped, refused, or used for an attack.
#include "test/integration/upgrade/tunnel_fixture.h"

namespace penstock::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class HandshakeTest : public TunnelTest {};

TEST_F(HandshakeTest, AsksTheUpstreamForExactlyWhatTheRuleAllows) {
  Serve();
  Pair pair = Ask();
  EXPECT_THAT(asked, StartsWith("GET /ws HTTP/1.1\r\nhost: a.test\r\n"));
  EXPECT_THAT(asked, HasSubstr("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"));
  EXPECT_THAT(asked, EndsWith("\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"));
  EXPECT_THAT(asked, Not(HasSubstr("keep-alive")));
  EXPECT_EQ(asked.find("pgrade"), asked.rfind("connection: upgrade") + 13) << "once in each of two fields";
}

TEST_F(HandshakeTest, DeliversTheSwitchWithItsOwnFieldsForThisHop) {
  Serve();
  Pair pair = Ask();
  Write(*pair.upstream,
        "HTTP/1.1 101 Whatever\r\nUpgrade: WEBSOCKET\r\nConnection: Upgrade, X-Gone\r\nX-Gone: 1\r\nKeep-Alive: x\r\n"
        "Sec-WebSocket-Accept: abc\r\nContent-Length: 5\r\n\r\n");
  std::string head = gateway.ReadUntil(*pair.client, "\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: abc\r\n"));
  EXPECT_THAT(head, EndsWith("\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("x-gone")));
  EXPECT_THAT(head, Not(HasSubstr("keep-alive")));
  EXPECT_THAT(head, Not(HasSubstr("content-length")));
}

TEST_F(HandshakeTest, PassesInformationalResponsesOnFirst) {
  Serve();
  Pair pair = Ask();
  Write(*pair.upstream, StrCat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", kSwitch));
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "upgrade: websocket\r\n\r\n"),
              StartsWith("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 101 "));
}

TEST_F(HandshakeTest, ForwardsARequestWithoutTheWishThatItsRuleDoesNotAllow) {
  Serve();
  Pair pair = Ask("GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: b\r\n\r\n");
  EXPECT_THAT(asked, Not(HasSubstr("pgrade")));
  EXPECT_THAT(asked, HasSubstr("x-a: b\r\n"));
  Write(*pair.upstream, kOk);
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "ok"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HandshakeTest, RefusesAWishThatABackendOfHttp2CannotBeAsked) {
  namespace t = snapshot::testing;
  const int port = gateway.ChoosePort();
  gateway.Serve({t::Listener("shop/web/http", StrCat("port: ", port, " client { reason_header: true }")),
                 t::Cluster("up", "protocol: HTTP2"),
                 t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream.port(), " weight: 1 }")),
                 t::Route("shop/all", StrCat("attachments { listener: 'shop/web/http' } ", kRules))});
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  Write(*client, StrCat(kAsk, "GET /admin HTTP/1.1\r\nHost: a.test\r\n\r\n"));
  std::string responses = gateway.ReadUntil(*client, "\r\n\r\nno");
  EXPECT_THAT(responses, StartsWith("HTTP/1.1 501 Not Implemented\r\n"));
  EXPECT_THAT(responses, HasSubstr("x-penstock-reason: upgrade_unsupported\r\n"));
  EXPECT_THAT(responses, HasSubstr("HTTP/1.1 403 Forbidden\r\n")) << "what came behind is the next request";
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
}

TEST_F(HandshakeTest, DropsEveryWishThatIsNotStrict) {
  Serve();
  const std::string requests[] = {
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n",
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
      "AA\r\n\r\n",
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n\r\n",
      "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
      "GET /ws HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      "POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      "GET /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nx",
  };
  for (const std::string& request : requests) {
    Pair pair = Ask(request);
    EXPECT_THAT(asked, Not(HasSubstr("pgrade"))) << request;
    EXPECT_THAT(asked, Not(HasSubstr("h2c"))) << request;
    EXPECT_THAT(asked, Not(HasSubstr("http2-settings"))) << request;
    // And the upstream may not switch, whatever it thinks it was asked.
    Write(*pair.upstream, kSwitch);
    EXPECT_THAT(gateway.ReadUntil(*pair.client, "response."), StartsWith("HTTP/1.1 502 ")) << request;
  }
}

TEST_F(HandshakeTest, ASwitchThatNobodyAskedForIsInvalidAndTakesNoByteWithIt) {
  Serve();
  Pair pair = Ask("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n");
  Write(*pair.upstream, StrCat(kSwitch, kOk));
  std::string response = gateway.ReadUntil(*pair.client, "response.");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
  EXPECT_THAT(response, HasSubstr("x-penstock-reason: upstream_invalid\r\n"));
  EXPECT_NE(EndOf(*pair.upstream), "never") << "it is closed";
  Write(*pair.client, "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
  std::unique_ptr<io::TcpStream> second = upstream.Take();
  ASSERT_NE(second, nullptr) << "the first one is not used again";
  gateway.ReadUntil(*second, "\r\n\r\n");
  Write(*second, kOk);
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "ok"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HandshakeTest, ASwitchToAnythingElseIsInvalid) {
  Serve();
  const std::string heads[] = {
      "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
      "HTTP/1.1 101 X\r\nUpgrade: websocket, h2c\r\nConnection: Upgrade\r\n\r\n",
      "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
      "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
      "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n",
      "HTTP/1.0 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  };
  for (const std::string& head : heads) {
    Pair pair = Ask();
    Write(*pair.upstream, head);
    EXPECT_THAT(gateway.ReadUntil(*pair.client, "response."), StartsWith("HTTP/1.1 502 ")) << head;
  }
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
}

// CVE-2024-23326, CVE-2026-2833: the upstream never left HTTP, so that neither may we.
TEST_F(HandshakeTest, BytesBehindARefusedWishAreTheNextRequestUnderAllRules) {
  Serve();
  Pair pair = Ask(StrCat(kAsk, "GET /admin/smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"));
  Write(*pair.upstream, kOk);
  std::string responses = gateway.ReadUntil(*pair.client, "\r\n\r\nno");
  EXPECT_THAT(responses, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(responses, HasSubstr("okHTTP/1.1 403 Forbidden\r\n"));
  EXPECT_TRUE(Silent(*pair.upstream)) << "not a byte of it went upstream";
  EXPECT_EQ(upstream.connections(), 1u);
}

TEST_F(HandshakeTest, BytesBehindTheWishAreNeverSentBeforeTheSwitchAndNeverReadAsARequestAfterIt) {
  Serve();
  const std::string early = "GET /admin/smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n";
  Pair pair = Ask(StrCat(kAsk, early));
  EXPECT_TRUE(Silent(*pair.upstream)) << "tunnel mode starts at the 101";
  Write(*pair.upstream, kSwitch);
  EXPECT_EQ(Read(*pair.upstream, early.size()), early);
  Write(*pair.client, early);
  EXPECT_EQ(Read(*pair.upstream, early.size()), early);
  std::string head = gateway.ReadUntil(*pair.client, "\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 "));
  Write(*pair.upstream, "end");
  EXPECT_EQ(Read(*pair.client, 3), "end") << "and nothing before it";
}

TEST_F(HandshakeTest, ARefusalIsDeliveredAndTheConnectionGoesOn) {
  Serve();
  Pair pair = Ask();
  Write(*pair.upstream, "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 3\r\nUpgrade: websocket\r\n\r\nno!");
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "no!"), StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
  Write(*pair.client, "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
  gateway.ReadUntil(*pair.upstream, "\r\n\r\n");
  Write(*pair.upstream, kOk);
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "ok"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(upstream.connections(), 1u);
}

TEST_F(HandshakeTest, TakesEveryHeadInAnyTwoPieces) {
  Serve();
  const std::string ask = StrCat(kAsk, "client");
  for (size_t at = 1; at < ask.size(); ++at) {
    std::unique_ptr<io::TcpStream> client = gateway.Connect();
    Write(*client, std::string_view(ask).substr(0, at));
    Settle();
    Write(*client, std::string_view(ask).substr(at));
    std::unique_ptr<io::TcpStream> stream = upstream.Take();
    ASSERT_NE(stream, nullptr);
    EXPECT_THAT(gateway.ReadUntil(*stream, "\r\n\r\n"), EndsWith("upgrade: websocket\r\n\r\n")) << at;
    Write(*stream, kSwitch);
    EXPECT_EQ(Read(*stream, 6), "client") << at;
  }
  const std::string answer = StrCat(kSwitch, "upstream");
  for (size_t at = 1; at < answer.size(); ++at) {
    Pair pair = Ask();
    Write(*pair.upstream, std::string_view(answer).substr(0, at));
    Settle();
    Write(*pair.upstream, std::string_view(answer).substr(at));
    EXPECT_THAT(gateway.ReadUntil(*pair.client, "\r\n\r\nupstream"), StartsWith("HTTP/1.1 101 ")) << at;
  }
}

TEST_F(HandshakeTest, AResetAtAnyByteOfTheAnswerIsNoSwitch) {
  Serve();
  const std::string answer = kSwitch;
  for (size_t at = 0; at < answer.size(); ++at) {
    Pair pair = Ask();
    Write(*pair.upstream, answer.substr(0, at));
    Settle();
    pair.upstream->Reset();
    EXPECT_THAT(gateway.ReadUntil(*pair.client, "off."), StartsWith("HTTP/1.1 502 ")) << at;
  }
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
}

TEST_F(HandshakeTest, AClientThatLeavesBeforeTheAnswerEndsTheTry) {
  Serve();
  Pair pair = Ask();
  pair.client->Reset();
  EXPECT_TRUE(Idle());
  EXPECT_NE(EndOf(*pair.upstream), "never");
  EXPECT_EQ(gateway.Replies(Reason::kClientGone), 1u);
}

}  // namespace
}  // namespace penstock::test
