// Real clients of HTTP/2, as processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "dataplane/base/strings.h"
#include "test/integration/http2/h2_client.h"

namespace penstock::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const char kAll[] = "rules { matches { prefix: '/' } forward { clusters { cluster: 'up' weight: 1 } } }";

class Http2PartiesTest : public ::testing::Test {
 protected:
  Http2PartiesTest() { gateway.ServeShop(upstream.port(), kAll, "http2 { prior_knowledge: true }"); }
  std::string Url(std::string_view path = "/") { return StrCat("http://127.0.0.1:", gateway.port(), path); }

  TestGateway gateway;
  FakeUpstream upstream{gateway.reactor()};
};

TEST_F(Http2PartiesTest, CurlGetsAndPosts) {
  ProgramEnd get =
      gateway.Run({"curl", "-sS", "--http2-prior-knowledge", "-w", " %{http_version} %{http_code}", Url("/users?x=y")});
  EXPECT_EQ(get.code, 0) << get.output;
  EXPECT_EQ(get.output, "ok 2 200");
  ProgramEnd post = gateway.Run({"curl", "-sS", "--http2-prior-knowledge", "-d", "hello", Url()});
  EXPECT_EQ(post.code, 0) << post.output;
  EXPECT_THAT(upstream.requests.back(), EndsWith("content-length: 5\r\n\r\nhello"));
  ProgramEnd old = gateway.Run({"curl", "-sS", "--http1.1", "-w", " %{http_version}", Url()});
  EXPECT_EQ(old.output, "ok 1.1");
}

TEST_F(Http2PartiesTest, CurlUploadsMegabytes) {
  std::string file = StrCat(::testing::TempDir(), "/upload");
  FILE* out = std::fopen(file.c_str(), "wb");
  std::string content(5'000'000, 'x');
  std::fwrite(content.data(), 1, content.size(), out);
  std::fclose(out);
  ProgramEnd end = gateway.Run({"curl", "-sS", "--http2-prior-knowledge", "-T", file, Url("/upload")});
  EXPECT_EQ(end.output, "ok");
  ASSERT_EQ(upstream.requests.size(), 1u);
  EXPECT_EQ(upstream.requests[0].size() - upstream.requests[0].find("\r\n\r\n") - 4, content.size());
}

TEST_F(Http2PartiesTest, CurlSeesWhatItDidWrong) {
  ProgramEnd end =
      gateway.Run({"curl", "-sS", "--http2-prior-knowledge", "-H", "x_y: z", "-w", " %{http_code}", Url()});
  EXPECT_THAT(end.output, HasSubstr("PROTOCOL_ERROR"));
  EXPECT_TRUE(upstream.requests.empty());
}

TEST_F(Http2PartiesTest, NghttpReadsTrailersAndSendsThem) {
  upstream.script.response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\n\r\n";
  ProgramEnd end = gateway.Run({"nghttp", "-v", "--no-dep", Url()});
  EXPECT_EQ(end.code, 0);
  EXPECT_THAT(end.output, HasSubstr("x-sum: 42"));
  EXPECT_THAT(end.output, HasSubstr(":status: 200"));
  ProgramEnd old_priorities = gateway.Run({"nghttp", "-n", "-m", "10", Url()});
  EXPECT_EQ(old_priorities.code, 0);
  EXPECT_EQ(upstream.requests.size(), 11u);
}

TEST_F(Http2PartiesTest, H2loadSeesNoRequestFail) {
  ProgramEnd end = gateway.Run({"h2load", "-n", "3000", "-c", "5", "-m", "50", Url()});
  EXPECT_EQ(end.code, 0);
  EXPECT_THAT(end.output,
              HasSubstr("3000 total, 3000 started, 3000 done, 3000 succeeded, 0 failed, 0 errored, 0 timeout"));
  EXPECT_THAT(end.output, HasSubstr("status codes: 3000 2xx"));
}

TEST_F(Http2PartiesTest, H2loadIsDrainedWithoutAFailure) {
  gateway.ServeShop(upstream.port(), kAll, "http2 { prior_knowledge: true } max_requests_per_connection: 100");
  // h2load does not come back on another connection: what is beyond the last stream was never begun for us.
  ProgramEnd end = gateway.Run({"h2load", "-n", "100", "-c", "1", "-m", "10", Url()});
  EXPECT_THAT(end.output, HasSubstr("100 succeeded, 0 failed"));
}

}  // namespace
}  // namespace penstock::test
