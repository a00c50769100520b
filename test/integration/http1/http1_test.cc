// A client, a gateway and an upstream over real sockets on one reactor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "dataplane/base/strings.h"
#include "dataplane/telemetry/access_log/access_log.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

class Http1Test : public ::testing::Test {
 protected:
  TestGateway gateway;
  FakeUpstream upstream{gateway.reactor()};
};

TEST_F(Http1Test, ForwardsARequestAndItsResponse) {
  gateway.ServeShop(upstream.port(), kAll);
  std::string response = gateway.Send(kGet);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, EndsWith("\r\n\r\nok"));
  EXPECT_THAT(response, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(response, HasSubstr("via: 1.1 penstock\r\n"));
  ASSERT_EQ(upstream.requests.size(), 1u);
  std::string request = upstream.requests[0];
  EXPECT_THAT(request, StartsWith("GET /users/1?x=y HTTP/1.1\r\nhost: a.test\r\naccept: */*\r\n"));
  EXPECT_THAT(request, HasSubstr("x-forwarded-for: 127.0.0.1\r\n"));
  EXPECT_THAT(request, HasSubstr("x-forwarded-proto: http\r\n"));
  EXPECT_THAT(request, HasSubstr("x-request-id: "));
  EXPECT_THAT(request, Not(HasSubstr("connection:")));
}

TEST_F(Http1Test, KeepsConnectionsOnBothSides) {
  gateway.ServeShop(upstream.port(), kAll);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  for (int i = 0; i < 5; ++i) {
    gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(gateway.ReadUntil(*client, "ok"), EndsWith("\r\n\r\nok"));
  }
  EXPECT_EQ(upstream.connections, 1u);
  EXPECT_EQ(upstream.requests.size(), 5u);
}

TEST_F(Http1Test, AnswersPipelinedRequestsInOrder) {
  gateway.ServeShop(upstream.port(), kAll);
  std::string response = gateway.Send(
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_EQ(upstream.requests.size(), 3u);
  EXPECT_THAT(upstream.requests[0], StartsWith("POST /1 "));
  EXPECT_THAT(upstream.requests[0], EndsWith("\r\n\r\nabc"));
  EXPECT_THAT(upstream.requests[2], StartsWith("GET /3 "));
  size_t count = 0;
  for (size_t at = 0; (at = response.find("HTTP/1.1 200", at)) != response.npos; ++at) ++count;
  EXPECT_EQ(count, 3u);
}

TEST_F(Http1Test, StreamsChunkedContentBothWays) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  std::string response = gateway.Send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;x=y\r\nhello\r\n6\r\n "
      "world\r\n"
      "0\r\nX-Trailer: dropped\r\n\r\n");
  EXPECT_THAT(response, EndsWith("transfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
  EXPECT_THAT(upstream.requests[0], EndsWith("transfer-encoding: chunked\r\n\r\nhello world"));
  EXPECT_THAT(upstream.raw[0], Not(HasSubstr("railer")));
  EXPECT_THAT(upstream.raw[0], Not(HasSubstr(";x=y")));
}

TEST_F(Http1Test, AnswersHeadWithTheLengthAndNothingElse) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.response = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
  std::string response = gateway.Send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(response, EndsWith("content-length: 1000\r\nconnection: close\r\n\r\n"));
}

TEST_F(Http1Test, InvitesTheContentOnlyWhenItIsWanted) {
  gateway.ServeShop(upstream.port(), kAll);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(gateway.ReadUntil(*client, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  gateway.WriteTo(*client, "hi");
  EXPECT_THAT(gateway.ReadUntil(*client, "ok"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(upstream.requests[0], EndsWith("\r\n\r\nhi"));
  EXPECT_THAT(upstream.requests[0], Not(HasSubstr("expect")));

  std::string refused =
      gateway.Send("PUT /%2F HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
}

TEST_F(Http1Test, AnswersAClientThatHasFinishedSending) {
  gateway.ServeShop(upstream.port(), kAll);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  Status status = gateway.reactor().BlockOn(client->ShutdownWrite(Wait{}));
  EXPECT_THAT(gateway.ReadUntil(*client, "never"), EndsWith("\r\n\r\nok"));
}

TEST_F(Http1Test, RefusesConnectionsBeyondTheListenersLimit) {
  gateway.ServeShop(upstream.port(), kAll, "max_connections: 2");
  std::unique_ptr<io::TcpStream> first = gateway.Connect();
  std::unique_ptr<io::TcpStream> second = gateway.Connect();
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 2; }));
  std::unique_ptr<io::TcpStream> third = gateway.Connect();
  EXPECT_EQ(gateway.ReadUntil(*third, "never"), "");
  EXPECT_EQ(gateway.proxy().stats.Listener("shop/web/http").connections_refused.Read(), 1u);
  first->Close();
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 1; }));
  EXPECT_THAT(gateway.Send(kGet), EndsWith("ok"));
}

TEST_F(Http1Test, RefusesWhatIsNotStrictAndEndsTheConnection) {
  gateway.ServeShop(upstream.port(), kAll);
  struct Case {
    const char* bytes;
    const char* status;
    const char* reason;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\nHost: a\n\n", "400", "bad_request"},
      {"GET /\r\n", "400", "bad_request"},
      {"GET / HTTP/1.1\r\nX: y\r\n\r\n", "400", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400", "bad_host"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400", "bad_request"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501", "unsupported_coding"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX", "400", "body_malformed"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", "417", "expectation_failed"},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505", "unsupported_version"},
      {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", "501", "unsupported_method"},
      {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "405", "method_not_allowed"},
      {"GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", "400", "bad_target"},
      {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400", "bad_target"},
  };
  for (const Case& c : cases) {
    std::string response = gateway.Send(c.bytes);
    EXPECT_THAT(response, StartsWith(StrCat("HTTP/1.1 ", c.status))) << c.bytes;
    EXPECT_THAT(response, HasSubstr(StrCat("x-penstock-reason: ", c.reason))) << c.bytes;
    EXPECT_THAT(response, HasSubstr("connection: close")) << c.bytes;
  }
  std::string long_line = "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_THAT(gateway.Send(long_line), StartsWith("HTTP/1.1 414"));
  std::string large = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70000, 'a') + "\r\n\r\n";
  EXPECT_THAT(gateway.Send(large), StartsWith("HTTP/1.1 431"));
  for (const std::string& request : upstream.requests) EXPECT_THAT(request, StartsWith("POST / "));
}

TEST_F(Http1Test, TakesAHeadInAnyPieces) {
  gateway.ServeShop(upstream.port(), kAll);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  std::string request = StrCat("GET / HTTP/1.1\r\nHost: a\r\nX-Large: ", std::string(20000, 'v'), "\r\n\r\n");
  for (size_t at = 0; at < request.size(); at += 1777) {
    gateway.WriteTo(*client, std::string_view(request).substr(at, 1777));
    gateway.reactor().Turn(Duration(0));
  }
  EXPECT_THAT(gateway.ReadUntil(*client, "ok"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(upstream.requests[0], HasSubstr(std::string(20000, 'v')));
}

TEST_F(Http1Test, DropsFieldsThatOverrideAGatewayAndWhatConnectionNames) {
  gateway.ServeShop(upstream.port(), kAll);
  gateway.Send(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Original-URL: /admin\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Prefix: "
      "/admin\r\n"
      "Forwarded: for=6.6.6.6\r\nX-Gone: x\r\nAuthorization: b\r\nTE: gzip\r\nUpgrade: h2c\r\n"
      "Connection: close, X-Gone, Authorization, Upgrade, X-Forwarded-For\r\n\r\n");
  std::string request = Lower(upstream.requests[0]);
  EXPECT_THAT(request, Not(HasSubstr("/admin")));
  EXPECT_THAT(request, Not(HasSubstr("6.6.6.6")));
  EXPECT_THAT(request, Not(HasSubstr("x-gone")));
  EXPECT_THAT(request, Not(HasSubstr("upgrade")));
  EXPECT_THAT(request, HasSubstr("authorization: b\r\n"));
  EXPECT_THAT(request, HasSubstr("x-forwarded-for: 127.0.0.1\r\n"));
}

TEST_F(Http1Test, BelievesATrustedProxyAboutItsClient) {
  gateway.ServeShop(upstream.port(), kAll, "trusted_proxies: '127.0.0.0/8'");
  gateway.Send(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Request-Id: abc\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_THAT(upstream.requests[0], HasSubstr("x-forwarded-for: 6.6.6.6, 127.0.0.1\r\n"));
  EXPECT_THAT(upstream.requests[0], HasSubstr("x-forwarded-proto: https\r\n"));
  EXPECT_THAT(upstream.requests[0], HasSubstr("x-request-id: abc\r\n"));
}

TEST_F(Http1Test, SaysWhyThereIsNoAnswer) {
  gateway.ServeShop(upstream.port(),
                    "rules { matches { prefix: '/gone' } forward { clusters { problem: 'x' weight: 1 } } }"
                    "rules { matches { prefix: '/none' } forward { } }");
  EXPECT_THAT(gateway.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(gateway.Send("GET /gone HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              HasSubstr("x-penstock-reason: backend_unresolved\r\n"));
  EXPECT_THAT(gateway.Send("GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              HasSubstr("x-penstock-reason: no_backend\r\n"));
}

TEST_F(Http1Test, RedirectsAndRepliesByItself) {
  gateway.ServeShop(
      upstream.port(),
      "rules { matches { prefix: '/old' } redirect { path { prefix: '/new' } scheme: 'https' status: 301 } }"
      "rules { matches { prefix: '/text' } static_reply { status: 200 body: 'hello' content_type: 'a/b' } }");
  std::string moved = gateway.Send("GET /old/x?q=1 HTTP/1.1\r\nHost: a.test:81\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(moved, StartsWith("HTTP/1.1 301 Moved Permanently\r\n"));
  EXPECT_THAT(moved, HasSubstr("location: https://a.test/new/x?q=1\r\n"));
  std::string text = gateway.Send("GET /text HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(text, HasSubstr("content-type: a/b\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\nhello"));
  EXPECT_THAT(gateway.Send("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(Http1Test, RedirectsToTheSchemeAndPortThatTheClientUsed) {
  const char kRedirect[] = "rules { matches { prefix: '/' } redirect { path { full: '/new' } status: 302 } }";
  struct Case {
    const char* fields;
    std::string location;
  };
  gateway.ServeShop(upstream.port(), kRedirect, "trusted_proxies: '127.0.0.0/8'");
  std::string own = StrCat("http://a.test:", gateway.port(), "/new");
  const Case cases[] = {
      {"X-Forwarded-Proto: https\r\n", "https://a.test/new"},
      {"X-Forwarded-Proto: HTTPS\r\nX-Forwarded-Port: 8443\r\n", "https://a.test:8443/new"},
      {"X-Forwarded-Proto: http\r\nX-Forwarded-Port: 80\r\n", "http://a.test/new"},
      {"X-Forwarded-Port: 8080\r\n", "http://a.test:8080/new"},
      {"X-Forwarded-Proto: javascript\r\nX-Forwarded-Port: 99999\r\n", own},
      {"", own},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(gateway.Send(StrCat("GET / HTTP/1.1\r\nHost: a.test\r\n", c.fields, "Connection: close\r\n\r\n")),
                HasSubstr(StrCat("location: ", c.location, "\r\n")))
        << c.fields;
  }
  gateway.ServeShop(upstream.port(), kRedirect);
  EXPECT_THAT(gateway.Send("GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"),
              HasSubstr(StrCat("location: ", own, "\r\n")))
      << "from a stranger";
}

TEST_F(Http1Test, AppliesTheFiltersOfTheRule) {
  gateway.ServeShop(upstream.port(), R"(
      rules { matches { prefix: '/v1' }
              filters { request_headers { set { name: 'x-env' value: 'prod' } remove: 'x-debug' } }
              filters { response_headers { add { name: 'x-served-by' value: 'shop' } } }
              filters { url_rewrite { hostname: 'inner.test' path { prefix: '/' } } }
              forward { clusters { cluster: 'up' weight: 1 } } })");
  std::string response = gateway.Send("GET /v1/users HTTP/1.1\r\nHost: a\r\nX-Debug: 1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(response, HasSubstr("x-served-by: shop\r\n"));
  EXPECT_THAT(upstream.requests[0], StartsWith("GET /users HTTP/1.1\r\nhost: inner.test\r\n"));
  EXPECT_THAT(upstream.requests[0], HasSubstr("x-env: prod\r\n"));
  EXPECT_THAT(upstream.requests[0], HasSubstr("x-forwarded-host: a\r\n"));
  EXPECT_THAT(upstream.requests[0], Not(HasSubstr("x-debug")));
}

TEST_F(Http1Test, DecidesTheNextRequestByTheNextGeneration) {
  gateway.ServeShop(upstream.port(), "rules { static_reply { status: 200 body: 'one' } }");
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(gateway.ReadUntil(*client, "one"), EndsWith("one"));
  gateway.ServeShop(upstream.port(), "rules { static_reply { status: 200 body: 'two' } }");
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(gateway.ReadUntil(*client, "two"), EndsWith("two"));
}

TEST_F(Http1Test, EndsConnectionsWithTheirNextAnswerWhileItDrains) {
  gateway.ServeShop(upstream.port(), kAll);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  gateway.ReadUntil(*client, "ok");
  gateway.downstream().Drain();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  std::string response = gateway.ReadUntil(*client, "never");
  EXPECT_THAT(response, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(response, EndsWith("ok"));
}

TEST_F(Http1Test, EmptiesTheAcceptQueueBeforeItStopsListening) {
  gateway.ServeShop(upstream.port(), kAll);
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, kGet);
  gateway.downstream().StopListeningEverywhere();
  EXPECT_THAT(gateway.ReadUntil(*client, "never"), EndsWith("\r\n\r\nok"));
}

TEST_F(Http1Test, BreaksOffWhatStillRunsAtTheDeadline) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.silent = true;
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(gateway.RunUntil([&] { return upstream.requests.size() == 1; }));
  gateway.downstream().Abort();
  EXPECT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 0; }));
}

class LoggedHttp1Test : public Http1Test {
 protected:
  LoggedHttp1Test() : log_(*telemetry::AccessLog::Open({path_}, registry_)) { gateway.proxy().log = log_->writer(0); }
  ~LoggedHttp1Test() override { gateway.proxy().log = nullptr; }

  // All lines, once every connection has ended.
  std::string Log() {
    EXPECT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 0; }));
    gateway.proxy().log = nullptr;
    log_.reset();
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  uint64_t Requests(telemetry::CodeClass code_class) {
    return gateway.proxy()
        .generation->series->Route(0, "shop/web/http", "shop/all")
        .requests.At(static_cast<size_t>(code_class))
        .Read();
  }

 private:
  const std::string path_ =
      StrCat(std::getenv("TEST_TMPDIR"), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name(), ".log");
  telemetry::Registry registry_{{.workers = 1, .reasons = {}}};
  std::unique_ptr<telemetry::AccessLog> log_;
};

// docs/metrics.md: code_class "none".
TEST_F(LoggedHttp1Test, CountsAndLogsNoStatusForAClientThatLeavesBeforeThereIsOne) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.silent = true;
  const char kPost[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf";
  // Breaks off inside its content, ends its side inside its content, breaks off while it waits.
  for (bool half_close : {false, true}) {
    std::unique_ptr<io::TcpStream> client = gateway.Connect();
    gateway.WriteTo(*client, kPost);
    size_t before = upstream.requests.size();
    ASSERT_TRUE(gateway.RunUntil([&] { return upstream.requests.size() == before + 1; }));
    if (half_close) {
      EXPECT_TRUE(gateway.reactor().BlockOn(client->ShutdownWrite(Wait{})).ok());
      EXPECT_EQ(gateway.ReadUntil(*client, "never"), "");
    } else {
      client->Reset();
    }
    ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 0; }));
  }
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(gateway.RunUntil([&] { return upstream.requests.size() == 3; }));
  client->Reset();
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 0; }));
  EXPECT_EQ(Requests(telemetry::CodeClass::kNone), 3u);
  EXPECT_EQ(Requests(telemetry::CodeClass::k5xx), 0u);
  std::string log = Log();
  size_t lines = 0;
  for (size_t at = 0; (at = log.find("\"status\":0,", at)) != log.npos; ++at) ++lines;
  EXPECT_EQ(lines, 3u) << log;
}

TEST_F(LoggedHttp1Test, NamesEveryRequestInItsAnswerAndItsLogLine) {
  gateway.ServeShop(upstream.port(), kAll, "max_request_body_bytes: 3 trusted_proxies: '127.0.0.0/8'");
  const char* refused[] = {
      "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
      "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
      "PUT / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
      "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
      "GET /%2f HTTP/1.1\r\nHost: a\r\n\r\n",
      "nonsense\r\n\r\n",
  };
  std::string long_line = "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const char* bytes : refused) EXPECT_THAT(gateway.Send(bytes), HasSubstr("\r\nx-request-id: ")) << bytes;
  EXPECT_THAT(gateway.Send(long_line), HasSubstr("\r\nx-request-id: "));
  // A trusted proxy's names stay.
  EXPECT_THAT(gateway.Send("TRACE / HTTP/1.1\r\nHost: a\r\nX-Request-Id: theirs\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"),
              HasSubstr("\r\nx-request-id: theirs\r\n"));
  std::string log = Log();
  EXPECT_THAT(log, Not(HasSubstr("\"request_id\":\"\"")));
  EXPECT_THAT(log, Not(HasSubstr("\"client\":\"\"")));
  EXPECT_THAT(log, HasSubstr("\"client\":\"192.0.2.7\""));
}

TEST_F(Http1Test, StopsAskingTheUpstreamWhenTheClientIsGone) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.silent = true;
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(gateway.RunUntil([&] { return upstream.requests.size() == 1; }));
  client->Reset();
  EXPECT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 0; }));
  EXPECT_EQ(gateway.proxy().stats.cells().local_replies[static_cast<size_t>(Reason::kClientGone)].Read(), 1u);
}

}  // namespace
}  // namespace penstock::test
