// What becomes of an upstream's response: whole, early, broken or malformed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ResponseTest : public ::testing::Test {
 protected:
  TestGateway gateway;
  FakeUpstream upstream{gateway.reactor()};
};

TEST_F(ResponseTest, ChunksAResponseThatEndsWithTheConnection) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.response = "HTTP/1.0 200 OK\r\n\r\nuntil the end";
  upstream.script.close_after = true;
  EXPECT_THAT(gateway.Send(kGet), EndsWith("\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n"));
  // HTTP/1.0 knows no chunks.
  std::string old = gateway.Send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
  EXPECT_THAT(old, EndsWith("connection: close\r\n\r\nuntil the end"));
}

TEST_F(ResponseTest, PassesTrailersOnToThoseWhoTakeThem) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.response =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\n\r\n";
  const std::string_view head = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_THAT(gateway.Send(StrCat(head, "TE: trailers\r\nConnection: TE, close\r\n\r\n")),
              EndsWith("\r\n\r\n2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n"));
  EXPECT_THAT(gateway.Send(StrCat(head, "Connection: close\r\n\r\n")), EndsWith("\r\n\r\n2\r\nok\r\n0\r\n\r\n"));
}

TEST_F(ResponseTest, PassesInformationalResponsesOn) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.response =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\nX: y\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
  std::string response = gateway.Send(kGet);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n"));
}

TEST_F(ResponseTest, DeliversAResponseThatComesBeforeTheUploadEnds) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.read_content = false;
  upstream.script.response = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
  upstream.script.close_after = true;
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nfirst");
  EXPECT_THAT(gateway.ReadUntil(*client, "no"), StartsWith("HTTP/1.1 403 Forbidden\r\n"));
}

TEST_F(ResponseTest, NeverEndsCleanlyWhatTheUpstreamBrokeOff) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.close_after = true;
  upstream.script.response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel";
  EXPECT_THAT(gateway.Send(kGet), Not(EndsWith("0\r\n\r\n")));
  upstream.script.response = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel";
  std::string response = gateway.Send(kGet);
  EXPECT_THAT(response, Not(HasSubstr("hel-")));
  EXPECT_EQ(gateway.proxy().stats.cells().local_replies[static_cast<size_t>(Reason::kUpstreamAborted)].Read(), 2u);
}

TEST_F(ResponseTest, SaysSoWhenTheContentIsMalformedFromItsFirstByte) {
  gateway.ServeShop(upstream.port(), kAll);
  upstream.script.response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n";
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  for (int i = 0; i < 2; ++i) {
    gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    std::string response = gateway.ReadUntil(*client, "invalid response.");
    EXPECT_THAT(response, StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
    EXPECT_THAT(response, HasSubstr("x-penstock-reason: upstream_invalid\r\n"));
    EXPECT_THAT(response, Not(HasSubstr("chunked")));
  }
}

TEST_F(ResponseTest, GivesTheReplacementOfMalformedContentTheFieldsOfTheRule) {
  gateway.ServeShop(upstream.port(), R"(rules { matches { prefix: '/' }
      filters { cors { allow_origins: 'https://shop.example' } }
      filters { response_headers { set { name: 'x-env' value: 'prod' } } }
      forward { clusters { cluster: 'up' weight: 1 } } })");
  upstream.script.response = "HTTP/1.1 200 OK\r\nX-Secret: 1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n";
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\n\r\n");
  std::string response = gateway.ReadUntil(*client, "invalid response.");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
  EXPECT_THAT(response, HasSubstr("access-control-allow-origin: https://shop.example\r\n"));
  EXPECT_THAT(response, HasSubstr("vary: origin\r\n"));
  EXPECT_THAT(response, HasSubstr("x-env: prod\r\n"));
  EXPECT_THAT(response, Not(HasSubstr("x-secret")));
}

TEST_F(ResponseTest, AResetAtAnyByteOfAResponseNeverLooksLikeItsEnd) {
  gateway.ServeShop(upstream.port(), kAll);
  const std::string responses[] = {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"};
  upstream.script.reset_after = true;
  for (const std::string& whole : responses) {
    for (size_t length = 0; length < whole.size(); ++length) {
      upstream.script.response = whole.substr(0, length);
      std::string response =
          gateway.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      bool head = length >= whole.find("\r\n\r\n") + 4;
      if (!head || !response.starts_with("HTTP/1.1 200")) {
        EXPECT_THAT(response, StartsWith("HTTP/1.1 502 Bad Gateway\r\n")) << length;
      } else {
        EXPECT_THAT(response, Not(EndsWith("hello"))) << length;
        EXPECT_THAT(response, Not(EndsWith("0\r\n\r\n"))) << length;
      }
    }
  }
}

TEST_F(ResponseTest, HoldsLittleOfALargeResponseForASlowReader) {
  gateway.ServeShop(upstream.port(), kAll);
  constexpr size_t kContent = 64 << 20;
  upstream.script.response =
      StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", kContent, "\r\n\r\n") + std::string(kContent, 'x');
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  gateway.WriteTo(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(gateway.RunUntil([&] { return upstream.requests.size() == 1; }));
  for (int i = 0; i < 2000; ++i) {
    gateway.reactor().Turn(Duration(0));
    ASSERT_LT(gateway.reactor().blocks().bytes_in_use(), size_t{1} << 20) << "after " << i << " turns";
  }
  EXPECT_EQ(gateway.downstream().connections(), 1u) << "it waits";
  gateway.downstream().Abort();
}

}  // namespace
}  // namespace penstock::test
