// Seeded mutations of good messages, compared with parsers that share no code with ours. The fuzz targets do the same
// without end.
#include <random>
#include <string>
#include <vector>

#include "dataplane/http/h1/oracle.h"
#include "gtest/gtest.h"

namespace penstock::http::h1 {
namespace {

const std::vector<std::string> kRequests = {
    "GET /a/b?c=d HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nX-Empty:\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: a.test:80\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: v\r\n\r\n",
    "DELETE http://a.test/x HTTP/1.1\r\nHost: b\r\nConnection: close\r\nCookie: a=b; c=d\r\n\r\n",
    "HEAD / HTTP/1.0\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
};
const std::vector<std::string> kResponses = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\nhello",
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nuntil the end",
    "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 7\r\n\r\n",
};
const std::vector<std::string> kPieces = {
    "\r\n",
    "\r",
    "\n",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "5",
    "\x00",
    "\x7f",
    "\xff",
    "_",
    "chunked",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Host: b\r\n",
    "Connection: keep-alive, te\r\n",
    "HTTP/1.1",
    "HTTP/1.0",
    "X : y\r\n",
    " fold\r\n",
    "0\r\n\r\n",
    "5\r\n",
    "+",
    "0x",
    "\"",
    "%2e",
    "//",
    "?",
    "#",
    "Upgrade: websocket\r\n",
};

std::string Mutate(std::string text, std::mt19937_64& random) {
  int changes = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < changes && !text.empty(); ++i) {
    size_t at = random() % text.size();
    switch (random() % 4) {
      case 0:
        text.erase(at, 1 + random() % 3);
        break;
      case 1:
        text.insert(at, kPieces[random() % kPieces.size()]);
        break;
      case 2:
        text[at] = static_cast<char>(random());
        break;
      case 3:
        text.insert(at, text.substr(random() % text.size(), random() % 20));
        break;
    }
  }
  return text;
}

TEST(Differential, ReadsRequestsAsOtherStrictParsersDo) {
  std::mt19937_64 random(1);
  for (const std::string& message : kRequests) ASSERT_EQ(CompareRequest(message), "") << message;
  for (int i = 0; i < 60000; ++i) {
    std::string message = Mutate(kRequests[random() % kRequests.size()], random);
    ASSERT_EQ(CompareRequest(message), "") << testing::PrintToString(message);
  }
}

TEST(Differential, ReadsResponsesAsOtherStrictParsersDo) {
  std::mt19937_64 random(2);
  for (const std::string& message : kResponses) ASSERT_EQ(CompareResponse(message), "") << message;
  for (int i = 0; i < 60000; ++i) {
    std::string message = Mutate(kResponses[random() % kResponses.size()], random);
    ASSERT_EQ(CompareResponse(message), "") << testing::PrintToString(message);
  }
}

}  // namespace
}  // namespace penstock::http::h1
