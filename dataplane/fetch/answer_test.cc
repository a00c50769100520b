// What is asked, and what becomes of the answers, over real connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/test_certificates.h"
#include "dataplane/fetch/test_server.h"
#include "dataplane/fetch/web_fetcher.h"

namespace penstock::fetch {
namespace {

using Reply = TestServer::Reply;

enum class Over { kCleartext, kTls };

class AnswerTest : public testing::TestWithParam<Over> {
 protected:
  AnswerTest() : certificate_(ca_.Issue(TestCertificateOptions{.names = {"IP:127.0.0.1"}})) {}

  const TestCertificate* shown() const { return GetParam() == Over::kTls ? &certificate_ : nullptr; }
  std::string UriOf(uint16_t port) const {
    return StrCat(GetParam() == Over::kTls ? "https" : "http", "://127.0.0.1:", port, "/keys?kind=all");
  }

  // How the first fetch of what SERVER answers ends: "got BODY", or the problem without the host.
  std::string Outcome(const TestServer& server, size_t max_bytes = 1 << 20) {
    std::unique_ptr<WebFetcher> fetcher = *WebFetcher::Start({});
    StatusOr<std::shared_ptr<Document>> document = fetcher->Open({.uri = UriOf(server.port()),
                                                                  .allow_private_addresses = true,
                                                                  .authorities = ca_.cert(),
                                                                  .max_bytes = max_bytes,
                                                                  .check = check_});
    if (!document.ok()) return document.status().ToString();
    EXPECT_TRUE(Eventually([&] { return !(*document)->Pending(); }));
    Fetched latest = (*document)->Latest();
    if (latest.body != nullptr) return "got " + *latest.body;
    std::string problem = (*document)->Problem();
    std::string host = StrCat("127.0.0.1:", server.port(), ": ");
    EXPECT_TRUE(problem.starts_with(host)) << problem;
    return problem.substr(std::min(host.size(), problem.size()));
  }
  std::string Outcome(Reply reply, size_t max_bytes = 1 << 20) {
    TestServer server([&](int) { return reply; }, shown());
    return Outcome(server, max_bytes);
  }

  Status (*check_)(std::string_view) = nullptr;
  TestCa ca_;
  const TestCertificate certificate_;
};
INSTANTIATE_TEST_SUITE_P(All, AnswerTest, testing::Values(Over::kCleartext, Over::kTls),
                         [](const auto& info) { return info.param == Over::kTls ? "OverTls" : "InCleartext"; });

TEST_P(AnswerTest, IsToOnePlainGet) {
  TestServer server(Ok("keys"), shown());
  EXPECT_EQ(Outcome(server), "got keys");
  EXPECT_THAT(server.requests(), testing::ElementsAre(StrCat("GET /keys?kind=all HTTP/1.1\r\n"
                                                             "host: 127.0.0.1:",
                                                             server.port(),
                                                             "\r\n"
                                                             "accept: application/json, */*;q=0.1\r\n"
                                                             "user-agent: penstock\r\n"
                                                             "connection: close\r\n\r\n")));
}

TEST_P(AnswerTest, IsTakenHoweverItIsFramed) {
  std::string large(300'000, 'k');
  EXPECT_EQ(Outcome({Ok(large)}), "got " + large);
  EXPECT_EQ(Outcome({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nkeys\r\n0\r\n\r\n"}), "got keys");
  EXPECT_EQ(Outcome({"HTTP/1.1 200 OK\r\n\r\n" + large}), "got " + large);
}

TEST_P(AnswerTest, IsTakenAsSoonAsItIsComplete) { EXPECT_EQ(Outcome({Ok("keys"), Reply::Then::kStall}), "got keys"); }

TEST_P(AnswerTest, MustBeA200) {
  EXPECT_EQ(Outcome({"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}), "answered 404");
  EXPECT_EQ(Outcome({"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"}),
            "answered 302; redirects are not followed");
}

TEST_P(AnswerTest, MustNotBeTooLarge) {
  std::string large((1 << 20) + 1, 'k');
  EXPECT_EQ(Outcome({Ok(large)}), "larger than 1 MiB");
  EXPECT_EQ(Outcome({"HTTP/1.1 200 OK\r\n\r\n" + large}), "larger than 1 MiB");
  EXPECT_EQ(Outcome({Ok("keys!")}, 4), "larger than 4 bytes");
}

TEST_P(AnswerTest, MustBeComplete) {
  EXPECT_EQ(Outcome({""}), "closed the connection without an answer");
  EXPECT_EQ(Outcome({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nkeys"}), "the answer broke off");
  EXPECT_EQ(Outcome({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nkeys\r\n"}), "the answer broke off");
}

// Over TLS whoever cuts the connection cannot make it look as if the server had ended it.
TEST_P(AnswerTest, WithoutALengthMustEndAsTheServerMeansIt) {
  EXPECT_EQ(Outcome({"HTTP/1.1 200 OK\r\n\r\nkeys", Reply::Then::kReset}), "the answer broke off");
}

TEST_P(AnswerTest, MustNotBeEncoded) {
  EXPECT_EQ(Outcome({"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nkeys"}),
            "answered with a content-encoding");
}

TEST_P(AnswerTest, ThatIsNotWhatWasAskedForIsNone) {
  check_ = [](std::string_view body) {
    return body == "keys" ? absl::OkStatus() : absl::InvalidArgumentError("no keys");
  };
  EXPECT_EQ(Outcome(TestServer(Ok("keys"), shown())), "got keys");
  EXPECT_EQ(Outcome(TestServer(Ok("<html>"), shown())), "no keys");
}

}  // namespace
}  // namespace penstock::fetch
