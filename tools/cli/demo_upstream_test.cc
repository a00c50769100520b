#include "tools/cli/demo_upstream.h"

#include <gtest/gtest.h>

namespace penstock::cli {
namespace {

TEST(DemoUpstream, AnswersAsUsersAndProducts) {
  EXPECT_EQ(DemoAnswer("users", "GET", "/users/1").body, "{\"id\":1,\"name\":\"Ada\"}\n");
  EXPECT_EQ(DemoAnswer("users", "GET", "/users/99").status, 404);
  EXPECT_EQ(DemoAnswer("products-v2", "GET", "/products?page=2").body,
            "{\"served_by\":\"products-v2\",\"items\":[\"lamp\",\"chair\",\"table\"]}\n");
}

TEST(DemoUpstream, FindsTheEndOfARequest) {
  std::string get = "GET /a HTTP/1.1\r\nhost: x\r\n\r\n";
  EXPECT_EQ(ParseDemoRequest(get)->length, get.size());
  EXPECT_EQ(ParseDemoRequest(get + "GET /b")->target, "/a");
  EXPECT_EQ(ParseDemoRequest(get.substr(0, 20))->length, 0u);
  std::string post = "POST / HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
  EXPECT_EQ(ParseDemoRequest(post)->length, post.size());
  EXPECT_TRUE(ParseDemoRequest(post)->close);
  EXPECT_EQ(ParseDemoRequest(post.substr(0, post.size() - 1))->length, 0u);
}

TEST(DemoUpstream, ReadsChunkedBodiesToTheirEnd) {
  std::string chunked = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nt: v\r\n\r\n";
  EXPECT_EQ(ParseDemoRequest(chunked)->length, chunked.size());
  for (size_t cut = 0; cut < chunked.size(); ++cut)
    EXPECT_EQ(ParseDemoRequest(chunked.substr(0, cut))->length, 0u) << cut;
}

TEST(DemoUpstream, RefusesWhatIsNoRequest) {
  EXPECT_FALSE(ParseDemoRequest("hello\r\n\r\n").ok());
  EXPECT_FALSE(ParseDemoRequest("GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n").ok());
  EXPECT_FALSE(ParseDemoRequest("GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").ok());
}

}  // namespace
}  // namespace penstock::cli
