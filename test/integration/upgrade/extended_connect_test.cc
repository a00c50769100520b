// WebSockets of clients that speak HTTP/2 (RFC 8441), to an upstream of HTTP/1.1.
#include "dataplane/http/websocket/handshake.h"
#include "test/integration/http2/h2_client.h"
#include "test/integration/upgrade/tunnel_fixture.h"

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
namespace h2 = http::h2::testing;

constexpr uint16_t kEnableConnectProtocol = 8;
constexpr int kNoError = 0, kProtocolError = 1, kCancel = 8;
const char kHttp2[] = "http2 { prior_knowledge: true }";

FieldTexts Connect(const std::string& path = "/ws", FieldTexts more = {}) {
  FieldTexts fields = {{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "http"},
                       {":path", path},        {":authority", "a.test"},   {"sec-websocket-version", "13"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::string Field(std::string_view head, std::string_view name) {
  size_t at = head.find(StrCat("\r\n", name, ": "));
  if (at == head.npos) return "";
  std::string_view value = head.substr(at + 4 + name.size());
  return std::string(value.substr(0, value.find("\r\n")));
}

// What an upstream answers to the handshake that it was ASKED.
std::string Switch(const std::string& asked, const std::string& more = "") {
  auto accept = http::websocket::AcceptOf(Field(asked, "sec-websocket-key"));
  return StrCat(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
      std::string_view(accept.data(), accept.size()), "\r\n", more, "\r\n");
}

// Made before the gateway that lives by it.
struct TestTime {
  FakeClock clock_;
};

class ExtendedConnectTest : protected TestTime, public TunnelTest {
 protected:
  explicit ExtendedConnectTest(const std::string& settings = "") : TunnelTest(&clock_) {
    Serve(StrCat(kHttp2, " ", settings));
    client.emplace(gateway);
  }
  ~ExtendedConnectTest() override { client.reset(); }

  // An upstream that was asked for what the client wants on `stream`.
  std::unique_ptr<io::TcpStream> AskUpstream(const FieldTexts& fields = Connect()) {
    stream = client->Ask(fields, false);
    std::unique_ptr<io::TcpStream> asked_one = upstream.Take();
    asked = ReadHead(*asked_one);
    return asked_one;
  }
  std::unique_ptr<io::TcpStream> Open() {
    std::unique_ptr<io::TcpStream> other = AskUpstream();
    Write(*other, Switch(asked));
    EXPECT_TRUE(client->RunUntil([&] { return response().status() != 0; }));
    EXPECT_EQ(response().status(), 200);
    return other;
  }
  H2Client::Response& response() { return client->response(stream); }
  void Send(std::string_view bytes, uint8_t flags = 0) { client->Send(h2::DataFrame(stream, flags, bytes)); }
  void ExpectContent(const std::string& content) {
    EXPECT_TRUE(client->RunUntil([&] { return response().content.size() >= content.size(); }));
    EXPECT_EQ(response().content, content);
  }
  // The client's connection still serves requests.
  void ExpectServes() { EXPECT_EQ(client->Await(client->Ask(h2::Get({}))).status(), 404); }
  void Advance(Duration by) {
    Settle();
    clock_.Advance(by);
    Settle();
  }

  std::optional<H2Client> client;
  uint32_t stream = 0;
};

TEST_F(ExtendedConnectTest, IsOfferedWhereARuleLetsRequestsSwitch) {
  Settle();
  EXPECT_EQ(client->setting(kEnableConnectProtocol), 1u);
}

TEST_F(ExtendedConnectTest, IsOfferedLaterWhenARuleComesThatDoes) {
  gateway.ServeShop(upstream.port(), "rules { matches { prefix: '/' } static_reply { status: 200 } }", kHttp2);
  H2Client other(gateway);
  EXPECT_EQ(other.Get().status(), 200);
  EXPECT_EQ(other.setting(kEnableConnectProtocol), 0u);
  EXPECT_EQ(other.Await(other.Ask(Connect(), false)).reset, kProtocolError) << "not before it was offered";
  Serve(kHttp2);
  EXPECT_EQ(other.Get().status(), 404);
  Settle();
  EXPECT_EQ(other.setting(kEnableConnectProtocol), 1u);
  uint32_t asks = other.Ask(Connect("/admin"), false);
  EXPECT_EQ(other.Await(asks).status(), 403);
}

TEST_F(ExtendedConnectTest, AsksTheUpstreamForAHandshakeOfItsOwn) {
  std::unique_ptr<io::TcpStream> other =
      AskUpstream(Connect("/ws?room=1", {{"sec-websocket-protocol", "chat"}, {"sec-websocket-key", "theirs"}}));
  EXPECT_THAT(asked, StartsWith("GET /ws?room=1 HTTP/1.1\r\nhost: a.test\r\n"));
  EXPECT_THAT(asked, HasSubstr("\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: chat\r\n"));
  EXPECT_THAT(asked, EndsWith("\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"));
  EXPECT_THAT(asked, Not(HasSubstr("content-length")));
  EXPECT_THAT(asked, Not(HasSubstr("transfer-encoding")));
  EXPECT_EQ(Field(asked, "sec-websocket-key").size(), http::websocket::kKeySize);
  Write(*other, Switch(asked, "Sec-WebSocket-Protocol: chat\r\n"));
  ASSERT_TRUE(client->RunUntil([&] { return response().status() != 0; }));
  EXPECT_EQ(response().status(), 200);
  EXPECT_EQ(response().Get("sec-websocket-protocol"), "chat");
  for (const char* of_http1 : {"sec-websocket-accept", "upgrade", "connection", "content-length"}) {
    EXPECT_EQ(response().Get(of_http1), "") << of_http1;
  }
  EXPECT_FALSE(response().done());
}

TEST_F(ExtendedConnectTest, EveryHandshakeHasAnotherKey) {
  std::unique_ptr<io::TcpStream> first = AskUpstream();
  std::string key = Field(asked, "sec-websocket-key");
  std::unique_ptr<io::TcpStream> second = AskUpstream();
  EXPECT_NE(Field(asked, "sec-websocket-key"), key);
}

TEST_F(ExtendedConnectTest, CarriesBytesBothWaysAtOnceAndIsCounted) {
  std::unique_ptr<io::TcpStream> other = Open();
  EXPECT_EQ(gateway.listener_cells().upgrades.At(0).Read(), 1u);
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 1);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    std::string ping = StrCat("ping ", i), pong = StrCat("pong ", i);
    Send(ping);
    EXPECT_EQ(Read(*other, ping.size()), ping);
    Write(*other, pong);
    ExpectContent(all += pong);
  }
  Send("", kEndStream);
  End(*other);
  EXPECT_TRUE(client->RunUntil([&] { return response().ended; }));
  Settle();
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
  EXPECT_EQ(response().reset, -1);
  EXPECT_EQ(gateway.Replies(Reason::kUpstreamAborted) + gateway.Replies(Reason::kClientGone), 0u);
  ExpectServes();
}

TEST_F(ExtendedConnectTest, PassesNothingOnBeforeTheAnswer) {
  std::unique_ptr<io::TcpStream> other = AskUpstream();
  Send("early");
  EXPECT_TRUE(Silent(*other));
  Write(*other, StrCat(Switch(asked), "hello"));
  EXPECT_EQ(Read(*other, 5), "early");
  ExpectContent("hello");
}

TEST_F(ExtendedConnectTest, MegabytesPassBothWays) {
  std::unique_ptr<io::TcpStream> other = Open();
  const std::string much(4 << 20, 'x');
  Cancellation stop;
  gateway.reactor().Spawn(WriteAll(*other, much, stop));
  ASSERT_TRUE(client->RunUntil([&] { return response().content.size() == much.size(); }));
  const std::string piece(16'000, 'y');
  for (int i = 0; i < 200; ++i) {
    Send(piece);
    ASSERT_EQ(Read(*other, piece.size()), piece);
    Settle();
  }
}

TEST_F(ExtendedConnectTest, EndsOneSideWhileTheOtherGoesOn) {
  std::unique_ptr<io::TcpStream> first = Open();
  Send("last words", kEndStream);
  EXPECT_EQ(Read(*first, 100), "last words");
  Write(*first, "still here");
  ExpectContent("still here");
  EXPECT_FALSE(response().ended);
  End(*first);
  EXPECT_TRUE(client->RunUntil([&] { return response().ended; }));
  EXPECT_EQ(response().reset, -1);

  std::unique_ptr<io::TcpStream> second = Open();
  Write(*second, "last words");
  End(*second);
  EXPECT_TRUE(client->RunUntil([&] { return response().ended; }));
  Send("still here");
  EXPECT_EQ(Read(*second, 10), "still here");
  Send("", kEndStream);
  EXPECT_EQ(EndOf(*second), "");
  Settle();
  EXPECT_EQ(response().reset, -1);
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
}

TEST_F(ExtendedConnectTest, LosesNothingOfWhatWasSentBeforeTheConnectionEnded) {
  std::unique_ptr<io::TcpStream> other = Open();
  End(*other);
  EXPECT_TRUE(client->RunUntil([&] { return response().ended; }));
  // The gateway reads this in one turn with the end of the connection.
  std::string last(16'000, 'x');
  client->Send(h2::DataFrame(stream, 0, last) + h2::DataFrame(stream, kEndStream, last));
  client.reset();
  EXPECT_EQ(Read(*other, 40'000).size(), 32'000u);
  EXPECT_EQ(EndOf(*other), "");
  EXPECT_TRUE(Idle());
  EXPECT_EQ(gateway.Replies(Reason::kClientGone), 0u);
}

TEST_F(ExtendedConnectTest, ABreakOnOneSideBreaksTheOtherAndNothingElse) {
  std::unique_ptr<io::TcpStream> first = Open();
  client->Send(h2::Bytes(FrameType::kRstStream, 0, stream, h2::Number(kCancel)));
  EXPECT_EQ(EndOf(*first), "ABORTED");
  EXPECT_EQ(gateway.Replies(Reason::kClientGone), 1u);
  ExpectServes();

  std::unique_ptr<io::TcpStream> second = Open();
  second->Reset();
  EXPECT_EQ(client->Await(stream).reset, kCancel);
  EXPECT_FALSE(response().ended);
  EXPECT_EQ(gateway.Replies(Reason::kUpstreamAborted), 1u);
  ExpectServes();

  std::unique_ptr<io::TcpStream> third = Open();
  client.reset();
  EXPECT_EQ(EndOf(*third), "ABORTED");
  EXPECT_TRUE(Idle());
}

TEST_F(ExtendedConnectTest, CarriesNothingButDataBehindItsHead) {
  std::unique_ptr<io::TcpStream> other = Open();
  client->Send(h2::HeadersFrame(stream, kWhole, {{"x", "y"}}));
  EXPECT_EQ(client->Await(stream).reset, kProtocolError);
  EXPECT_EQ(EndOf(*other), "ABORTED");
  ExpectServes();
}

TEST_F(ExtendedConnectTest, BelievesNoUpstreamThatDoesNotKnowItsKey) {
  for (const char* accept : {"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", ""}) {
    std::unique_ptr<io::TcpStream> other = AskUpstream();
    Write(*other,
          StrCat("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", accept, "\r\n"));
    EXPECT_EQ(client->Await(stream).status(), 502);
    EXPECT_EQ(response().Get("x-penstock-reason"), "upstream_invalid");
  }
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
}

TEST_F(ExtendedConnectTest, PassesARefusalOnAsAnyResponse) {
  std::unique_ptr<io::TcpStream> other = AskUpstream();
  Write(*other, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(client->Await(stream).status(), 403);
  EXPECT_EQ(response().content, "no");
  EXPECT_TRUE(response().ended);
  EXPECT_TRUE(client->RunUntil([&] { return response().reset == kNoError; })) << "what the client sends is not wanted";
}

TEST_F(ExtendedConnectTest, LetsNoOtherSuccessLookLikeATunnel) {
  std::unique_ptr<io::TcpStream> other = AskUpstream();
  Write(*other, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(client->Await(stream).status(), 501);
  EXPECT_EQ(response().Get("x-penstock-reason"), "upgrade_unsupported");

  gateway.ServeShop(upstream.port(),
                    StrCat(kRules, "rules { matches { prefix: '/static' } static_reply { body: 'ok' } }"), kHttp2);
  EXPECT_EQ(client->Await(client->Ask(Connect("/static"), false)).status(), 501);
}

TEST_F(ExtendedConnectTest, IsRefusedWhereNoRuleAllowsIt) {
  struct Row {
    const char* path;
    const char* protocol;
    int status;
    const char* reason;
  };
  const Row kRows[] = {{"/plain", "websocket", 501, "upgrade_unsupported"},
                       {"/ws", "connect-udp", 501, "upgrade_unsupported"},
                       {"/nowhere", "websocket", 404, "no_route"},
                       {"/admin", "websocket", 403, "static_reply"}};
  for (const Row& row : kRows) {
    FieldTexts fields = Connect(row.path);
    fields[1].second = row.protocol;
    H2Client::Response seen = client->Await(client->Ask(fields, false));
    EXPECT_EQ(seen.status(), row.status) << row.path;
    EXPECT_EQ(seen.Get("x-penstock-reason"), row.reason) << row.path;
  }
  EXPECT_EQ(upstream.connections(), 0u);
  EXPECT_EQ(client->Await(client->Ask({{":method", "CONNECT"}, {":authority", "a.test:443"}}, false)).status(), 501);
}

TEST_F(ExtendedConnectTest, HoldsLittleForWhoDoesNotRead) {
  std::unique_ptr<io::TcpStream> other = Open();
  client->open_windows = false;
  const std::string much(64 << 20, 'x');
  Cancellation stop;
  gateway.reactor().Spawn(WriteAll(*other, much, stop));
  for (int i = 0; i < 4; ++i) Send(std::string(16'000, 'y'));
  for (int i = 0; i < 2000; ++i) {
    gateway.reactor().Turn(Duration(0));
    ASSERT_LT(gateway.reactor().blocks().bytes_in_use(), size_t{768} << 10) << "after " << i << " turns";
  }
  EXPECT_LE(response().content.size(), 65'535u) << "the client's window";
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 1) << "it waits";
  uint32_t another = client->Ask(h2::Get({}));
  EXPECT_TRUE(client->RunUntil([&] { return client->response(another).status() == 404; })) << "the others do not";
  stop.Cancel();
  Settle();
}

TEST_F(ExtendedConnectTest, AnUpstreamThatDoesNotReadKeepsTheClientsWindowClosed) {
  std::unique_ptr<io::TcpStream> other = Open();
  const std::string piece(16'000, 'y');
  size_t sent = 0;
  // Until what the kernel holds, and a window behind it, is full.
  for (int i = 0; i < 100'000 && sent + piece.size() <= 65'535 + client->granted(stream); ++i) {
    Send(piece);
    sent += piece.size();
    Settle();
  }
  size_t granted = client->granted(stream);
  Settle();
  EXPECT_EQ(client->granted(stream), granted) << "no more without a reader";
  EXPECT_EQ(Read(*other, sent).size(), sent);
  Settle();
  EXPECT_GT(client->granted(stream), granted);
}

TEST_F(ExtendedConnectTest, OutlivesItsRouteAndItsGeneration) {
  std::unique_ptr<io::TcpStream> other = Open();
  for (int i = 0; i < 20; ++i) {
    gateway.ServeShop(upstream.port(), "rules { matches { prefix: '/' } static_reply { status: 404 } }", kHttp2);
    EXPECT_EQ(gateway.Reclaim(), 1u) << "the current one";
    Send("ping");
    EXPECT_EQ(Read(*other, 4), "ping");
  }
  Write(*other, "pong");
  ExpectContent("pong");
}

TEST_F(ExtendedConnectTest, ManyShareAConnectionWithRequests) {
  std::vector<std::pair<uint32_t, std::unique_ptr<io::TcpStream>>> tunnels;
  for (int i = 0; i < 20; ++i) {
    std::unique_ptr<io::TcpStream> other = Open();
    tunnels.emplace_back(stream, std::move(other));
  }
  for (auto& [id, other] : tunnels) {
    stream = id;
    std::string text = StrCat("to ", id);
    Send(text);
    EXPECT_EQ(Read(*other, text.size()), text);
    Write(*other, text);
    ExpectContent(text);
    ExpectServes();
  }
}

TEST_F(ExtendedConnectTest, LivesThroughTheDrainToItsDeadline) {
  std::unique_ptr<io::TcpStream> other = Open();
  gateway.downstream().StopListeningEverywhere();
  gateway.downstream().Drain();
  Settle();
  EXPECT_FALSE(client->goaways().empty());
  Send("still");
  EXPECT_EQ(Read(*other, 5), "still");
  Write(*other, "here");
  ExpectContent("here");
  Send("", kEndStream);
  End(*other);
  EXPECT_TRUE(client->RunUntil([&] { return client->ended(); })) << "the connection ends with its last tunnel";
}

TEST_F(ExtendedConnectTest, SaysCloseBothWaysAtTheDrainsDeadlineBehindAWholeFrame) {
  std::unique_ptr<io::TcpStream> other = Open();
  Send("\x81\x82kkkk..");
  EXPECT_EQ(Read(*other, 8).size(), 8u);
  Write(*other, "\x81\x02hi");
  ExpectContent("\x81\x02hi");
  gateway.downstream().Abort();
  ExpectContent("\x81\x02hi\x88\x02\x03\xe9");
  EXPECT_TRUE(response().ended);
  std::string close = Read(*other, 100);
  ASSERT_EQ(close.size(), 8u);
  EXPECT_EQ(close.substr(0, 2), "\x88\x82");
  EXPECT_TRUE(Idle());
  EXPECT_EQ(gateway.Replies(Reason::kShuttingDown), 1u);
}

TEST_F(ExtendedConnectTest, HasNoRequestTimeoutAndNoRates) {
  std::unique_ptr<io::TcpStream> other = Open();
  for (int i = 0; i < 5; ++i) {
    Advance(50min);
    Send("x");
    EXPECT_EQ(Read(*other, 1), "x");
  }
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 1);
}

class IdleTest : public ExtendedConnectTest {
 protected:
  IdleTest() : ExtendedConnectTest("tunnel_idle_timeout { seconds: 80 }") {}
};

TEST_F(IdleTest, EndsWithACloseWhenNothingMovesForTheIdleTimeout) {
  std::unique_ptr<io::TcpStream> other = Open();
  for (int i = 0; i < 7; ++i) Advance(10s);
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 1) << "after 70 s";
  for (int i = 0; i < 3; ++i) Advance(10s);
  ExpectContent("\x88\x02\x03\xe9");
  EXPECT_TRUE(client->RunUntil([&] { return response().done(); }));
  EXPECT_THAT(Read(*other, 100), StartsWith("\x88\x82"));
  Settle();
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
  EXPECT_EQ(gateway.Replies(Reason::kTunnelIdle), 1u);
  ExpectServes();
}

}  // namespace
}  // namespace penstock::test
