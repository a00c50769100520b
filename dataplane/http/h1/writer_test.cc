#include "dataplane/http/h1/writer.h"

#include <string>

#include "dataplane/http/h1/head_parser.h"
#include "gtest/gtest.h"

namespace penstock::http::h1 {
namespace {

RequestHead& Get(RequestHead& head) {
  head.Clear();
  head.method = Method::kGet;
  head.method_text = "GET";
  head.path = "/users/1";
  head.authority = head.host = "a.test";
  return head;
}

std::string Write(const RequestHead& head) {
  char out[1024];
  return std::string(out, WriteRequestHead(head, false, out));
}

std::string Write(const ResponseHead& head, bool close) {
  char out[1024];
  return std::string(out, WriteResponseHead(head, close, out));
}

TEST(Writer, MakesFramingAnew) {
  RequestHead head;
  Get(head);
  head.query = "x=1";
  head.has_query = true;
  head.headers.Add("content-length", "666");
  head.headers.Add("transfer-encoding", "chunked");
  head.headers.Add("host", "evil.test");
  head.headers.Add("connection", "keep-alive");
  head.headers.Add("accept", "*/*");
  head.framing = {Framing::Kind::kLength, 5};
  EXPECT_EQ(Write(head), "GET /users/1?x=1 HTTP/1.1\r\nhost: a.test\r\naccept: */*\r\ncontent-length: 5\r\n\r\n");
  head.framing = {Framing::Kind::kChunked};
  EXPECT_EQ(Write(head),
            "GET /users/1?x=1 HTTP/1.1\r\nhost: a.test\r\naccept: */*\r\ntransfer-encoding: chunked\r\n\r\n");
}

TEST(Writer, AsksForAnotherProtocolAndSaysThatItFollows) {
  RequestHead head;
  Get(head);
  head.headers.Add("connection", "upgrade, x");
  head.upgrade = "websocket";
  EXPECT_EQ(Write(head), "GET /users/1 HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  head.upgrade = "web\r\nsocket";
  EXPECT_EQ(Write(head), "");
  ResponseHead response;
  response.status = 101;
  response.framing.kind = Framing::Kind::kTunnel;
  response.upgrade = "websocket";
  EXPECT_EQ(Write(response, true),
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
}

TEST(Writer, SaysHowAResponseEnds) {
  ResponseHead head;
  head.status = 200;
  head.framing = {Framing::Kind::kLength, 5};
  EXPECT_EQ(Write(head, true), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\n");
  head.framing = {};
  head.declared_length = 7;
  EXPECT_EQ(Write(head, false), "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n");
  head.declared_length.reset();
  head.status = 204;
  head.framing = {Framing::Kind::kLength, 0};
  EXPECT_EQ(Write(head, false), "HTTP/1.1 204 No Content\r\n\r\n");
  head.status = 299;
  EXPECT_EQ(Write(head, false), "HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n");
  head.status = 103;
  head.headers.Add("link", "</x>");
  EXPECT_EQ(Write(head, true), "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
}

TEST(Writer, RefusesWhatWouldBreakTheMessage) {
  RequestHead head;
  Get(head).headers.Add("x", "a\r\nb: c");
  EXPECT_EQ(Write(head), "");
  Get(head).headers.Add("x y", "a");
  EXPECT_EQ(Write(head), "");
  Get(head).headers.Add("", "a");
  EXPECT_EQ(Write(head), "");
  Get(head).path = "/a b";
  EXPECT_EQ(Write(head), "");
  Get(head).path = "/a\nb";
  EXPECT_EQ(Write(head), "");
  Get(head).authority = "a\r\n";
  EXPECT_EQ(Write(head), "");
}

TEST(Writer, SaysWhenTheRoomDoesNotSuffice) {
  RequestHead head;
  Get(head).headers.Add("accept", "*/*");
  std::string whole = Write(head);
  ASSERT_LE(whole.size(), HeadSize(head));
  for (size_t room = 0; room < whole.size(); ++room) {
    std::string out(room, 0);
    EXPECT_EQ(WriteRequestHead(head, false, {out.data(), room}), 0u);
  }
}

TEST(Writer, WritesTrailers) {
  Headers trailers;
  trailers.Add("x-sum", "1");
  char out[64];
  EXPECT_EQ(std::string(out, WriteTrailers(trailers, out)), "0\r\nx-sum: 1\r\n\r\n");
}

}  // namespace
}  // namespace penstock::http::h1
