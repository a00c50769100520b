#include "dataplane/http/h1/head_parser.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace penstock::http::h1 {
namespace {

// What a parse gave, as text that can be compared.
template <typename Head>
std::string Describe(Progress progress, Error error, size_t consumed, const Head& head) {
  if (progress == Progress::kNeedMore) return "more";
  if (progress == Progress::kError) return "error: " + std::string(Text(error));
  std::string text = "consumed " + std::to_string(consumed) + " version " +
                     std::to_string(static_cast<int>(head.version)) + " framing " +
                     std::to_string(static_cast<int>(head.framing.kind)) + "/" + std::to_string(head.framing.length) +
                     (head.close ? " close" : "") + "\n";
  for (const Field& field : head.headers) {
    text += std::string(field.name()) + "=" + std::string(field.value()) + "\n";
  }
  return text;
}

// Parses INPUT, given in pieces that end at SPLITS, each time in a new place if MOVE.
std::string ParseRequest(std::string input, std::vector<size_t> splits, bool move = false) {
  RequestParser parser(HeadLimits{});
  RequestHead head;
  splits.push_back(input.size());
  std::vector<std::string> copies(splits.size(), input);
  Progress progress = Progress::kNeedMore;
  for (size_t i = 0; i < splits.size() && progress == Progress::kNeedMore; ++i) {
    progress = parser.Parse({copies[move ? i : 0].data(), splits[i]}, head);
  }
  std::string text = Describe(progress, parser.error(), parser.consumed(), head);
  if (progress == Progress::kDone) {
    text += std::string(head.method_text) + " " + std::string(head.target) + (head.expect_continue ? " expects" : "");
  }
  return text;
}

std::string ParseResponse(std::string input, Method method, std::vector<size_t> splits) {
  ResponseParser parser(HeadLimits{});
  ResponseHead head;
  splits.push_back(input.size());
  Progress progress = Progress::kNeedMore;
  for (size_t i = 0; i < splits.size() && progress == Progress::kNeedMore; ++i) {
    progress = parser.Parse({input.data(), splits[i]}, method, head);
  }
  std::string text = Describe(progress, parser.error(), parser.consumed(), head);
  if (progress == Progress::kDone) text += std::to_string(head.status);
  return text;
}

const char* const kRequests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nPOST /x?y HTTP/1.1\r\nHost: a.test\r\nContent-Length: 12\r\nX-Empty:\r\nX-Blank:  \t v w \t\r\n\r\nhello",
    "POST / HTTP/1.1\r\nhOST:a\r\nTransfer-Encoding: Chunked\r\nExpect: 100-Continue\r\nConnection: x, CLOSE\r\n\r\n",
    "PROPFIND /caf%C3%A9 HTTP/1.0\r\nHost: a\r\nX-Text: caf\xc3\xa9\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
    "GET /\r\n\r\n",
    "GET / HTTP/2.0\r\n\r\n",
};

TEST(RequestParser, GivesTheSameWhereverTheBytesAreSplit) {
  for (std::string input : kRequests) {
    std::string whole = ParseRequest(input, {});
    for (size_t i = 0; i < input.size(); ++i) {
      EXPECT_EQ(ParseRequest(input, {i}), whole) << input << " split at " << i;
      EXPECT_EQ(ParseRequest(input, {i}, true), whole) << input << " moved at " << i;
      for (size_t k = i; k < input.size(); k += 7) EXPECT_EQ(ParseRequest(input, {i, k}, true), whole);
    }
    std::vector<size_t> every;
    for (size_t i = 0; i < input.size(); ++i) every.push_back(i);
    EXPECT_EQ(ParseRequest(input, every), whole) << input;
  }
}

TEST(RequestParser, ReadsARequest) {
  EXPECT_EQ(ParseRequest(kRequests[1], {}),
            "consumed 87 version 1 framing 1/12\nhost=a.test\ncontent-length=12\nx-empty=\nx-blank=v w\nPOST /x?y");
  EXPECT_EQ(ParseRequest(kRequests[2], {}),
            "consumed 99 version 1 framing 2/0 close\nhost=a\ntransfer-encoding=Chunked\nexpect=100-Continue\n"
            "connection=x, CLOSE\nPOST / expects");
}

struct Refusal {
  const char* input;
  Error error;
};

TEST(RequestParser, RefusesAtOnce) {
  const Refusal cases[] = {
      {"GET /echo\r\n", Error::kRequestLine},
      {"GET /echo HTTP/1.1\n", Error::kRequestLine},
      {"GET /echo HTTP/1.1\r\r", Error::kRequestLine},
      {"GET /echo\tHTTP/1.1\r\n", Error::kRequestLine},
      {"GET  /echo HTTP/1.1\r\n", Error::kRequestLine},
      {"GET /ec ho HTTP/1.1\r\n", Error::kRequestLine},
      {"GET /echo  HTTP/1.1\r\n", Error::kRequestLine},
      {" GET /echo HTTP/1.1\r\n", Error::kRequestLine},
      {"G\x01T", Error::kRequestLine},
      {"G(T / HTTP/1.1\r\n", Error::kRequestLine},
      {"GET /\x80 HTTP/1.1\r\n", Error::kRequestLine},
      {"GET / http/1.1\r\n", Error::kRequestLine},
      {"GET / HTTP/1.1 \r\n", Error::kRequestLine},
      {"GET / HTTP/11\r\n", Error::kRequestLine},
      {"PRI * HTTP/2.0\r\n", Error::kHttp2},
      {"\x16\x03\x01\x02\x00\x01\x00", Error::kTls},
      {"SSH-2.0-OpenSSH_9.2\r\n", Error::kSsh},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", Error::kProxyHeader},
      {"\r\n\r\n", Error::kRequestLine},
      {"\n", Error::kRequestLine},
      {"GET / HTTP/1.2\r\n", Error::kVersion},
      {"GET / HTTP/2.0\r\n", Error::kVersion},
      {"GET / HTTP/0.9\r\n", Error::kVersion},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ / HTTP/1.1\r\n", Error::kMethodTooLong},
      {"GET / HTTP/1.1\r\nHost : a\r\n", Error::kHeaderLine},
      {"GET / HTTP/1.1\r\n Host: a\r\n", Error::kHeaderLine},
      {"GET / HTTP/1.1\r\n: a\r\n", Error::kHeaderLine},
      {"GET / HTTP/1.1\r\nNoColon\r\n", Error::kHeaderLine},
      {"GET / HTTP/1.1\r\nX(y): a\r\n", Error::kHeaderLine},
      {"GET / HTTP/1.1\r\nX: a\n", Error::kHeaderLine},
      {"GET / HTTP/1.1\r\nX: a\rb", Error::kHeaderLine},
      {"GET / HTTP/1.1\r\nX: a\x0b", Error::kHeaderLine},
      {"GET / HTTP/1.1\r\nX: a\x7f", Error::kHeaderLine},
      {"GET / HTTP/1.1\r\nX_Y: a\r\n", Error::kUnderscoreInName},
      {"GET / HTTP/1.1\r\n\r\n", Error::kHost},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Error::kHost},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", Error::kContentLength},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", Error::kContentLength},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", Error::kContentLength},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", Error::kContentLength},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n", Error::kContentLength},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", Error::kBothLengths},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Error::kTransferEncoding},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       Error::kTransferEncoding},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \xa0"
       "chunked\r\n\r\n",
       Error::kTransferEncoding},
      {"GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Error::kTransferEncoding10},
      {"GET / HTTP/1.1\r\nHost: a\r\nExpect: y 100-continue\r\n\r\n", Error::kExpectation},
  };
  for (const Refusal& c : cases) {
    EXPECT_EQ(ParseRequest(c.input, {}), "error: " + std::string(Text(c.error))) << c.input;
  }
  using std::string_literals::operator""s;
  EXPECT_EQ(ParseRequest("G\0T / HTTP/1.1\r\n"s, {}), "error: the request line is malformed");
}

TEST(RequestParser, HoldsItsLimitsBeforeTheEndIsSeen) {
  EXPECT_EQ(ParseRequest("GET /" + std::string(9000, 'a'), {}), "error: the request line is longer than the limit");
  std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(ParseRequest(start + "X: " + std::string(70000, 'a'), {}),
            "error: the header section is larger than the limit");
  std::string many = start;
  for (int i = 0; i < 99; ++i) many += "X: y\r\n";
  EXPECT_EQ(ParseRequest(many + "\r\n", {}).substr(0, 8), "consumed");
  EXPECT_EQ(ParseRequest(many + "X: y\r\n", {}), "error: there are more header fields than the limit");
}

TEST(RequestParser, EndsTheConnectionOfHttp10) {
  EXPECT_NE(ParseRequest("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", {}).find("close\n"),
            std::string::npos);
}

const char* const kResponses[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet_Thing: x\r\n\r\n",
    "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.0 404 Not here\r\nServer: x\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\n\r\n",
};

TEST(ResponseParser, GivesTheSameWhereverTheBytesAreSplit) {
  for (std::string input : kResponses) {
    std::string whole = ParseResponse(input, Method::kGet, {});
    for (size_t i = 0; i < input.size(); ++i) {
      EXPECT_EQ(ParseResponse(input, Method::kGet, {i}), whole) << input << " split at " << i;
    }
  }
}

TEST(ResponseParser, DecidesWhereTheContentEnds) {
  struct Case {
    const char* input;
    Method method;
    Framing::Kind kind;
    uint64_t length;
  };
  using Kind = Framing::Kind;
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method::kGet, Kind::kLength, 5},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method::kHead, Kind::kNone, 0},
      {"HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n", Method::kGet, Kind::kNone, 0},
      {"HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n", Method::kGet, Kind::kNone, 0},
      {"HTTP/1.1 103 x\r\nTransfer-Encoding: chunked\r\n\r\n", Method::kGet, Kind::kNone, 0},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::kPost, Kind::kChunked, 0},
      {"HTTP/1.1 200 OK\r\n\r\n", Method::kGet, Kind::kUntilClose, 0},
      {"HTTP/1.0 200 OK\r\n\r\n", Method::kGet, Kind::kUntilClose, 0},
  };
  for (const Case& c : cases) {
    ResponseParser parser(HeadLimits{});
    ResponseHead head;
    std::string input = c.input;
    ASSERT_EQ(parser.Parse({input.data(), input.size()}, c.method, head), Progress::kDone) << c.input;
    EXPECT_EQ(head.framing.kind, c.kind) << c.input;
    EXPECT_EQ(head.framing.length, c.length) << c.input;
  }
}

TEST(ResponseParser, KeepsTheLengthThatAnAnswerToHeadDeclares) {
  ResponseParser parser(HeadLimits{});
  ResponseHead head;
  std::string input = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  ASSERT_EQ(parser.Parse({input.data(), input.size()}, Method::kHead, head), Progress::kDone);
  EXPECT_EQ(head.declared_length, 5u);
}

TEST(ResponseParser, RefusesWhatAHostileUpstreamMightSay) {
  const char* const cases[] = {
      "HTTP/1.1 99 x\r\n",
      "HTTP/1.1 600 x\r\n",
      "HTTP/1.1 2000 x\r\n",
      "HTTP/1.1  200 x\r\n",
      "HTTP/1.1 20x\r\n",
      "HTTP/2.0 200 OK\r\n",
      "ICY 200 OK\r\n",
      "\r\nHTTP/1.1 200 OK\r\n",
      "HTTP/1.1 200 OK\n",
      "HTTP/1.1 200 \x01\r\n",
      "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n",
      "HTTP/1.1 200 OK\r\nA : b\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 100 OK\r\nContent-Length: ok\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  for (const char* input : cases) {
    EXPECT_EQ(ParseResponse(input, Method::kGet, {}).substr(0, 6), "error:") << input;
  }
}

}  // namespace
}  // namespace penstock::http::h1
