#include "dataplane/fetch/response_reader.h"

#include <gtest/gtest.h>

namespace penstock::fetch {
namespace {

enum class Cut { kWhole, kByteByByte };

// What a reader makes of ANSWER, after which the connection ends: "got ...", or the error.
std::string Outcome(std::string_view answer, size_t max_bytes, Cut cut) {
  ResponseReader reader(max_bytes);
  size_t step = cut == Cut::kWhole ? answer.size() : 1;
  Status status;
  for (size_t i = 0; i < answer.size() && status.ok(); i += step) status = reader.Take(answer.substr(i, step));
  if (status.ok()) status = reader.End();
  if (!status.ok()) return std::string(status.message());
  return "got " + reader.TakeContent();
}

std::string Read(std::string_view answer, size_t max_bytes = 100) {
  std::string whole = Outcome(answer, max_bytes, Cut::kWhole);
  EXPECT_EQ(Outcome(answer, max_bytes, Cut::kByteByByte), whole) << answer;
  return whole;
}

TEST(ResponseReader, TakesContentHoweverItIsFramed) {
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), "got hello");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "got ");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nA: b\r\n\r\n"),
            "got hello");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\nhello"), "got hello");
  EXPECT_EQ(Read("HTTP/1.0 200\r\nConnection: close\r\n\r\n"), "got ");
}

TEST(ResponseReader, IsDoneWithoutTheEndOfTheConnectionIfTheAnswerSaysWhereItEnds) {
  for (std::string_view answer : {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"}) {
    ResponseReader reader(100);
    ASSERT_TRUE(reader.Take(answer.substr(0, answer.size() - 1)).ok());
    EXPECT_FALSE(reader.done());
    ASSERT_TRUE(reader.Take(answer.substr(answer.size() - 1)).ok());
    EXPECT_TRUE(reader.done());
    ASSERT_TRUE(reader.Take("HTTP/1.1 500 More\r\n\r\n").ok());
    EXPECT_EQ(reader.TakeContent(), "hi");
  }
}

TEST(ResponseReader, PassesInformationalAnswersOver) {
  std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  EXPECT_EQ(Read("HTTP/1.1 100 Continue\r\n\r\n" + hints + answer), "got hi");
  std::string many;
  for (int i = 0; i < ResponseReader::kMaxInformational; ++i) many += hints;
  EXPECT_EQ(Read(many + answer), "got hi");
  EXPECT_EQ(Read(many + hints + answer), "too many informational answers");
}

TEST(ResponseReader, WantsA200) {
  EXPECT_EQ(Read("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"), "answered 404");
  EXPECT_EQ(Read("HTTP/1.1 503 Sorry\r\n\r\n"), "answered 503");
  EXPECT_EQ(Read("HTTP/1.1 204 No Content\r\n\r\n"), "answered 204");
  EXPECT_EQ(Read("HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\nhi"), "answered 206");
  EXPECT_EQ(Read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), "answered 101");
}

TEST(ResponseReader, FollowsNoRedirect) {
  for (int status : {301, 302, 303, 304, 307, 308}) {
    EXPECT_EQ(Read(StrCat("HTTP/1.1 ", status, " There\r\nLocation: https://x.example/\r\nContent-Length: 0\r\n\r\n")),
              StrCat("answered ", status, "; redirects are not followed"));
  }
}

TEST(ResponseReader, RefusesMoreThanItMayTake) {
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 5), "got hello");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", 5), "larger than 5 bytes");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n", 1 << 20), "larger than 1 MiB");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\nhello!", 5), "larger than 5 bytes");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 5),
            "larger than 5 bytes");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", 65536), "larger than 64 KiB");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\nx", 0), "larger than 0 bytes");
}

TEST(ResponseReader, TellsATruncatedAnswer) {
  EXPECT_EQ(Read(""), "closed the connection without an answer");
  for (std::string_view answer : {
           "HTTP/1.1 200",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
       }) {
    EXPECT_EQ(Read(answer), "the answer broke off") << answer;
  }
}

TEST(ResponseReader, RefusesContentThatIsEncoded) {
  for (std::string_view coding : {"gzip", "br", "identity, gzip", "GZIP", "x-secret"}) {
    EXPECT_EQ(Read(StrCat("HTTP/1.1 200 OK\r\nContent-Encoding: ", coding, "\r\nContent-Length: 1\r\n\r\nx")),
              "answered with a content-encoding");
  }
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n"),
            "answered with a content-encoding");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\nContent-Length: 1\r\n\r\nx"), "got x");
}

TEST(ResponseReader, RefusesWhatIsNoHttp) {
  for (std::string_view answer : {
           "SSH-2.0-OpenSSH_9.2\r\n",
           "HTTP/2 200 OK\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n",
           "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
       }) {
    EXPECT_TRUE(Read(answer).starts_with("the answer is not valid HTTP")) << answer << ": " << Read(answer);
  }
}

TEST(ResponseReader, BoundsTheHead) {
  std::string endless = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 1000; ++i) endless += StrCat("x", i, ": ", std::string(100, 'y'), "\r\n");
  EXPECT_TRUE(Outcome(endless, 100, Cut::kWhole).starts_with("the answer is not valid HTTP"));
}

}  // namespace
}  // namespace penstock::fetch
