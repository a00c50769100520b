// A client of HTTP/2, a gateway and an upstream of HTTP/1 over real sockets on one reactor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "test/integration/http2/h2_client.h"

namespace penstock::test {
namespace {

namespace h2 = http::h2::testing;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const char kAll[] = "rules { matches { prefix: '/' } forward { clusters { cluster: 'up' weight: 1 } } }";
const char kNothing[] = "rules { matches { prefix: '/only' } static_reply { status: 200 } }";
const char kHttp2[] = "http2 { prior_knowledge: true }";

class Http2Test : public ::testing::Test {
 protected:
  void Serve(const std::string& more = "") { gateway.ServeShop(upstream.port(), kAll, StrCat(kHttp2, " ", more)); }
  uint64_t Replies(Reason reason) {
    return gateway.proxy().stats.cells().local_replies[static_cast<size_t>(reason)].Read();
  }
  telemetry::ListenerCells& listener() { return gateway.proxy().stats.Listener("shop/web/http"); }

  TestGateway gateway;
  FakeUpstream upstream{gateway.reactor()};
};

TEST_F(Http2Test, ForwardsARequestAndItsResponse) {
  Serve();
  upstream.script.response =
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\nKeep-Alive: 5\r\nConnection: x-gone\r\nX-Gone: 1\r\n\r\nok";
  H2Client client(gateway);
  FieldTexts fields = {{":method", "GET"}, {":scheme", "http"}, {":authority", "A.test"}, {":path", "/users/1?x=y"},
                       {"cookie", "a=1"},  {"accept", "*/*"},   {"cookie", "b=2"},        {"te", "trailers"}};
  H2Client::Response& response = client.Await(client.Ask(fields));
  EXPECT_EQ(response.status(), 200);
  EXPECT_EQ(response.content, "ok");
  EXPECT_EQ(response.Get("x-a"), "b");
  EXPECT_EQ(response.Get("content-length"), "2");
  EXPECT_EQ(response.Get("via"), "1.1 penstock");
  for (const char* never : {"connection", "keep-alive", "transfer-encoding", "x-gone"}) {
    EXPECT_EQ(response.Get(never), "") << never;
  }
  ASSERT_EQ(upstream.requests.size(), 1u);
  std::string request = upstream.requests[0];
  EXPECT_THAT(request, StartsWith("GET /users/1?x=y HTTP/1.1\r\nhost: a.test\r\ncookie: a=1; b=2\r\naccept: */*\r\n"));
  EXPECT_THAT(request, HasSubstr("x-forwarded-for: 127.0.0.1\r\n"));
  EXPECT_THAT(request, HasSubstr("via: 2 penstock\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("te:")));
  EXPECT_THAT(request, Not(HasSubstr("content-length")));
  EXPECT_THAT(request, Not(HasSubstr("transfer-encoding")));
}

TEST_F(Http2Test, TellsTheProtocolsApartByTheirFirstBytes) {
  Serve();
  EXPECT_THAT(gateway.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 OK\r\n"));
  // A method that begins like the preface, byte by byte.
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  for (char c : std::string("PRINT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) {
    gateway.WriteTo(*client, std::string_view(&c, 1));
    gateway.reactor().Turn(Duration(0));
  }
  EXPECT_THAT(gateway.ReadUntil(*client, "never"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(H2Client(gateway).Get().status(), 200);
  EXPECT_EQ(upstream.requests.size(), 3u);
}

TEST_F(Http2Test, RefusesThePrefaceWhereNobodyAskedForIt) {
  gateway.ServeShop(upstream.port(), kAll);
  std::string response = gateway.Send(http::h2::ServerConnection::kPreface);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(upstream.requests.empty());
}

TEST_F(Http2Test, ServesManyRequestsBesideEachOther) {
  Serve();
  upstream.script.silent = true;
  H2Client client(gateway);
  std::vector<uint32_t> streams;
  for (int i = 0; i < 100; ++i) streams.push_back(client.Ask(h2::Get()));
  ASSERT_TRUE(client.RunUntil([&] { return upstream.requests.size() == 100; }));
  // The last place is not stuck behind the others.
  client.Send(h2::Bytes(FrameType::kRstStream, 0, streams[0], h2::Number(8)));
  ASSERT_TRUE(client.RunUntil([&] { return Replies(Reason::kClientGone) == 1; }));
  upstream.script.silent = false;
  EXPECT_EQ(client.Get().status(), 200);
}

TEST_F(Http2Test, RefusesARequestTooManyAndGoesOn) {
  gateway.ServeShop(upstream.port(), kAll, "http2 { prior_knowledge: true max_concurrent_streams: 2 }");
  upstream.script.silent = true;
  H2Client client(gateway);
  uint32_t first = client.Ask(h2::Get());
  client.Ask(h2::Get());
  uint32_t third = client.Ask(h2::Get());
  EXPECT_EQ(client.Await(third).reset, 7) << "REFUSED_STREAM";
  ASSERT_TRUE(client.RunUntil([&] { return upstream.requests.size() == 2; }));
  client.Send(h2::Bytes(FrameType::kRstStream, 0, first, h2::Number(8)));
  upstream.script.silent = false;
  EXPECT_EQ(client.Get().status(), 200);
  EXPECT_TRUE(client.goaways().empty());
  EXPECT_EQ(listener().http2_refused.Read(), 1u);
  EXPECT_EQ(listener().http2_requests.Read(), 3u);
  EXPECT_EQ(listener().http2_connections.Read(), 1u);
}

TEST_F(Http2Test, TellsAnUpstreamTheLengthOrSendsChunks) {
  Serve();
  H2Client client(gateway);
  uint32_t known = client.Ask(h2::Post({{"content-length", "5"}}), false);
  client.Send(h2::DataFrame(known, kEndStream, "hello"));
  EXPECT_EQ(client.Await(known).status(), 200);
  EXPECT_THAT(upstream.requests[0], EndsWith("content-length: 5\r\n\r\nhello"));
  uint32_t unknown = client.Ask(h2::Post(), false);
  client.Send(h2::DataFrame(unknown, 0, "hel") + h2::DataFrame(unknown, kEndStream, "lo"));
  EXPECT_EQ(client.Await(unknown).status(), 200);
  EXPECT_THAT(upstream.requests[1], EndsWith("transfer-encoding: chunked\r\n\r\nhello"));
  EXPECT_EQ(client.Await(client.Ask(h2::Post())).status(), 200);
  EXPECT_THAT(upstream.requests[2], EndsWith("content-length: 0\r\n\r\n"));
}

TEST_F(Http2Test, GivesResponsesWithoutContentWithTheirHead) {
  Serve();
  H2Client client(gateway);
  FieldTexts head = h2::Get();
  head[0].second = "HEAD";
  upstream.script.response = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
  H2Client::Response response = client.Await(client.Ask(head));
  EXPECT_EQ(response.Get("content-length"), "12");
  EXPECT_TRUE(response.ended);
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    upstream.script.response = StrCat("HTTP/1.1 ", status, "\r\n\r\n");
    response = client.Get();
    EXPECT_EQ(StrCat(response.status()), std::string(status).substr(0, 3));
    EXPECT_EQ(response.Get("content-length"), "");
    EXPECT_TRUE(response.ended);
  }
}

TEST_F(Http2Test, PassesInformationalHeadsAndTrailersOn) {
  Serve();
  upstream.script.response =
      "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nok\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n";
  H2Client client(gateway);
  H2Client::Response response = client.Get();
  ASSERT_EQ(response.sections.size(), 3u);
  EXPECT_EQ(response.sections[0], (FieldTexts{{":status", "103"}, {"link", "</a.css>"}}));
  EXPECT_EQ(response.content, "ok");
  EXPECT_EQ(response.sections[2], (FieldTexts{{"x-sum", "1"}})) << "without what may not be a trailer";
  EXPECT_TRUE(response.ended);
}

TEST_F(Http2Test, PassesNoTrailersOfRequestsOn) {
  Serve();
  H2Client client(gateway);
  for (const char* type : {"application/grpc+proto", "text/plain"}) {
    uint32_t stream = client.Ask(h2::Post({{"content-type", type}}), false);
    client.Send(h2::DataFrame(stream, 0, "hello") + h2::HeadersFrame(stream, kWhole, {{"x-sum", "1"}, {"host", "b"}}));
    EXPECT_EQ(client.Await(stream).status(), 200);
  }
  EXPECT_THAT(upstream.raw[0], Not(HasSubstr("x-sum")));
  EXPECT_THAT(upstream.raw[0], EndsWith("5\r\nhello\r\n0\r\n\r\n"));
}

TEST_F(Http2Test, InvitesContentThatWaitsForIt) {
  Serve();
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Post({{"expect", "100-continue"}, {"content-length", "5"}}), false);
  ASSERT_TRUE(client.RunUntil([&] { return client.response(stream).sections.size() == 1; }));
  EXPECT_EQ(client.response(stream).status(), 100);
  client.Send(h2::DataFrame(stream, kEndStream, "hello"));
  EXPECT_EQ(client.Await(stream).status(), 200);
  EXPECT_THAT(upstream.requests[0], Not(HasSubstr("expect")));
}

TEST_F(Http2Test, AnswersWhatItRefusesAndResetsWhatIsMalformed) {
  Serve();
  struct Row {
    const char* what;
    FieldTexts fields;
    int status;
    const char* reason;
    int reset;
  };
  FieldTexts many(100, {"x", "y"});
  FieldTexts connect = {{":method", "CONNECT"}, {":authority", "a.test:443"}};
  FieldTexts websocket = {{":method", "CONNECT"},
                          {":protocol", "websocket"},
                          {":scheme", "http"},
                          {":authority", "a.test"},
                          {":path", "/ws"}};
  FieldTexts user = h2::Get();
  user[2].second = "a.test@evil.test";
  FieldTexts slash = h2::Get();
  slash[3].second = "/a%2Fb";
  const Row kRows[] = {
      {"a line end in a value", h2::Get({{"x", "b\r\ntransfer-encoding: chunked"}}), 400, "bad_request", 1},
      {"an underscore", h2::Get({{"x_y", "z"}}), 400, "bad_request", 1},
      {"another Host", h2::Get({{"host", "b.test"}}), 400, "bad_host", 1},
      {"user information", user, 400, "bad_host", -1},
      {"an escaped slash", slash, 400, "bad_target", -1},
      {"too many fields", h2::Get(many), 431, "headers_too_large", -1},
      {"a large head", h2::Get({{"x", std::string(8'000, 'a')}}), 431, "headers_too_large", -1},
      {"CONNECT", connect, 501, "unsupported_method", -1},
      {"extended CONNECT that was not offered", websocket, 400, "bad_request", 1},
      {"another expectation", h2::Get({{"expect", "x"}}), 417, "expectation_failed", -1},
  };
  gateway.ServeShop(upstream.port(), kAll, StrCat(kHttp2, " max_header_bytes: 8000"));
  H2Client client(gateway);
  for (const Row& row : kRows) {
    H2Client::Response response = client.Await(client.Ask(row.fields));
    EXPECT_EQ(response.status(), row.status) << row.what;
    EXPECT_EQ(response.Get("x-penstock-reason"), row.reason) << row.what;
    EXPECT_EQ(response.reset, row.reset) << row.what;
    EXPECT_EQ(response.ended, row.reset < 0) << row.what;
  }
  EXPECT_TRUE(upstream.requests.empty());
  EXPECT_EQ(client.Get().status(), 200) << "the connection goes on";
}

TEST_F(Http2Test, LetsNoLengthThatDiffersFromTheContentReachAnUpstream) {
  Serve();
  const FieldTexts ten = h2::Post({{"content-length", "10"}});
  const std::string kBehind[] = {
      h2::DataFrame(1, kEndStream, "hello"),
      h2::DataFrame(1, kEndStream, "hello hello"),
      h2::DataFrame(1, 0, "hello") + h2::HeadersFrame(1, kWhole, {{"x-t", "1"}}),
      h2::DataFrame(1, 0, "hello") + h2::HeadersFrame(1, kWhole, {{":path", "/admin"}, {"content-length", "0"}}),
  };
  for (const std::string& behind : kBehind) {
    H2Client client(gateway);
    client.Send(h2::HeadersFrame(1, kEndHeaders, ten) + behind);
    H2Client::Response& response = client.Await(1);
    EXPECT_EQ(response.status(), 400);
    EXPECT_EQ(response.Get("x-penstock-reason"), "body_malformed");
    EXPECT_EQ(response.reset, 1);
  }
  EXPECT_TRUE(upstream.requests.empty());
}

TEST_F(Http2Test, BreaksTheUpstreamsRequestOffWhenItsContentTurnsOutToBeMalformed) {
  Serve();
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Post({{"content-length", "10"}}), false);
  client.Send(h2::DataFrame(stream, 0, "hello"));
  ASSERT_TRUE(client.RunUntil([&] { return !upstream.raw.empty() && upstream.raw[0].ends_with("hello"); }));
  client.Send(h2::DataFrame(stream, kEndStream, "again and again"));
  H2Client::Response& response = client.Await(stream);
  EXPECT_EQ(response.status(), 400);
  EXPECT_EQ(response.reset, 1);
  EXPECT_THAT(upstream.raw[0], Not(HasSubstr("again")));
}

TEST_F(Http2Test, AnswersBeforeTheContentIsReadAndWantsNoMoreOfIt) {
  gateway.ServeShop(upstream.port(), kNothing, kHttp2);
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Post(), false);
  client.Send(h2::DataFrame(stream, 0, std::string(16'000, 'x')));
  H2Client::Response& response = client.Await(stream);
  EXPECT_EQ(response.status(), 404);
  EXPECT_TRUE(response.ended);
  ASSERT_TRUE(client.RunUntil([&] { return client.response(stream).reset >= 0; }));
  EXPECT_EQ(response.reset, 0) << "RFC 9113 8.1: no error, just no more";
  // The connection's window was given back, again and again.
  for (int i = 0; i < 100; ++i) {
    uint32_t next = client.Ask(h2::Post(), false);
    client.Send(h2::DataFrame(next, 0, std::string(16'000, 'x')));
    ASSERT_EQ(client.Await(next).status(), 404);
  }
  EXPECT_TRUE(client.goaways().empty());
}

TEST_F(Http2Test, CancelsTheUpstreamWhenTheClientTakesItsRequestBack) {
  Serve();
  upstream.script.silent = true;
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Get());
  ASSERT_TRUE(client.RunUntil([&] { return upstream.requests.size() == 1; }));
  client.Send(h2::Bytes(FrameType::kRstStream, 0, stream, h2::Number(8)));
  EXPECT_TRUE(client.RunUntil([&] { return gateway.downstream().exchanges().lent() == 0; }));
  EXPECT_EQ(Replies(Reason::kClientGone), 1u);
  EXPECT_EQ(client.response(stream).sections.size(), 0u);
}

TEST_F(Http2Test, CostsAnUpstreamNothingForWhatIsTakenBackAtOnce) {
  Serve();
  H2Client client(gateway);
  client.Send(h2::HeadersFrame(1, kWhole, h2::Get()) + h2::Bytes(FrameType::kRstStream, 0, 1, h2::Number(8)) +
              h2::HeadersFrame(3, kWhole, h2::Get()));
  EXPECT_EQ(client.Await(3).status(), 200);
  EXPECT_EQ(upstream.requests.size(), 1u);
  EXPECT_EQ(Replies(Reason::kClientGone), 1u) << "but it is in the log";
}

TEST_F(Http2Test, ResetsAResponseThatTheUpstreamBreaksOff) {
  Serve();
  upstream.script.response = "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + std::string(300'000, 'x');
  upstream.script.close_after = true;
  H2Client client(gateway);
  H2Client::Response response = client.Get();
  EXPECT_EQ(response.status(), 200);
  EXPECT_FALSE(response.ended);
  EXPECT_EQ(response.reset, 2);
  EXPECT_EQ(Replies(Reason::kUpstreamAborted), 1u);
}

TEST_F(Http2Test, AnswersTheLastRequestThatAConnectionMayCarry) {
  gateway.ServeShop(upstream.port(), kAll, StrCat(kHttp2, " max_requests_per_connection: 3"));
  H2Client client(gateway);
  EXPECT_EQ(client.Get().status(), 200);
  EXPECT_EQ(client.Get().status(), 200);
  EXPECT_TRUE(client.goaways().empty());
  EXPECT_EQ(client.Get().status(), 200);
  EXPECT_TRUE(client.RunUntil([&] { return client.ended(); }));
  ASSERT_EQ(client.goaways().size(), 2u);
  EXPECT_EQ(client.goaways()[0].last, 0x7FFF'FFFFu);
  EXPECT_EQ(client.goaways()[1].last, 5u);
  EXPECT_EQ(client.goaways()[1].code, 0);
}

TEST_F(Http2Test, DrainsWithoutBreakingARequest) {
  Serve();
  upstream.script.read_content = true;
  H2Client client(gateway);
  uint32_t slow = client.Ask(h2::Post(), false);
  ASSERT_TRUE(client.RunUntil([&] { return gateway.downstream().exchanges().lent() == 1; }));
  gateway.downstream().Drain();
  ASSERT_TRUE(client.RunUntil([&] { return client.goaways().size() == 2; }));
  EXPECT_EQ(client.goaways()[0].last, 0x7FFF'FFFFu);
  EXPECT_EQ(client.goaways()[1].last, slow);
  EXPECT_FALSE(client.ended());
  client.Send(h2::DataFrame(slow, kEndStream, "done"));
  EXPECT_EQ(client.Await(slow).status(), 200);
  EXPECT_TRUE(client.RunUntil([&] { return gateway.downstream().connections() == 0; }));
}

TEST_F(Http2Test, ServesWhatBeganBeforeTheClientKnewOfTheDrain) {
  Serve();
  H2Client client(gateway);
  client.answer_pings = false;
  gateway.reactor().Turn(Duration(0));
  ASSERT_TRUE(client.RunUntil([&] { return gateway.downstream().connections() == 1; }));
  gateway.downstream().Drain();
  ASSERT_TRUE(client.RunUntil([&] { return client.goaways().size() == 1; }));
  EXPECT_EQ(client.Get().status(), 200);
}

TEST_F(Http2Test, EndsARapidResetAndCountsIt) {
  Serve();
  H2Client client(gateway);
  std::string bytes;
  for (uint32_t id = 1; id < 4000; id += 2) {
    bytes += h2::HeadersFrame(id, kWhole, h2::Get()) + h2::Bytes(FrameType::kRstStream, 0, id, h2::Number(8));
  }
  client.Send(bytes);
  EXPECT_TRUE(client.RunUntil([&] { return gateway.downstream().connections() == 0; }));
  ASSERT_FALSE(client.goaways().empty());
  EXPECT_EQ(client.goaways().back().code, 11);
  EXPECT_LE(upstream.requests.size(), 1u);
  EXPECT_EQ(listener().http2_floods.Read(), 1u);
  EXPECT_EQ(gateway.downstream().exchanges().lent(), 0u);
}

TEST_F(Http2Test, CountsAConnectionThatBreaksTheProtocol) {
  Serve();
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Post(), false);
  client.Send(h2::Bytes(FrameType::kData, 0, 0, "x"));
  EXPECT_TRUE(client.RunUntil([&] { return gateway.downstream().connections() == 0; }));
  EXPECT_EQ(client.goaways().back().code, 1);
  EXPECT_EQ(listener().http2_errors.Read(), 1u);
  EXPECT_FALSE(client.response(stream).ended);
}

TEST_F(Http2Test, CostsAnUpstreamNothingForWhatCameWithAnErrorOfItsConnection) {
  Serve();
  H2Client client(gateway);
  client.Send(h2::HeadersFrame(1, kWhole, h2::Get()) + h2::Bytes(FrameType::kData, 0, 0, "x"));
  EXPECT_TRUE(client.RunUntil([&] { return gateway.downstream().connections() == 0; }));
  EXPECT_EQ(client.goaways().back().code, 1);
  EXPECT_TRUE(upstream.requests.empty());
  EXPECT_EQ(Replies(Reason::kClientGone), 1u) << "but it is in the log";
}

TEST_F(Http2Test, EndsWhatRunsWhenTheClientIsGone) {
  Serve();
  upstream.script.silent = true;
  {
    H2Client client(gateway);
    for (int i = 0; i < 10; ++i) client.Ask(h2::Get());
    ASSERT_TRUE(client.RunUntil([&] { return upstream.requests.size() == 10; }));
  }
  EXPECT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 0; }));
  EXPECT_EQ(gateway.downstream().exchanges().lent(), 0u);
  EXPECT_EQ(Replies(Reason::kClientGone), 10u);
}

TEST_F(Http2Test, EndsAConnectionWhoseListenerIsGone) {
  Serve();
  H2Client client(gateway);
  EXPECT_EQ(client.Get().status(), 200);
  gateway.Serve({});
  H2Client::Response response = client.Get();
  EXPECT_EQ(response.status(), 404);
  EXPECT_TRUE(client.RunUntil([&] { return client.ended(); }));
}

}  // namespace
}  // namespace penstock::test
