#include "dataplane/fetch/web_fetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/test_certificates.h"
#include "dataplane/fetch/test_server.h"

namespace penstock::fetch {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Reply = TestServer::Reply;

// May be turned while others read it.
class SharedClock final : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(1h) + Duration(passed_.load()); }
  WallTime Wall() const override { return WallTime(Duration(passed_.load())); }
  void Advance(Duration by) { passed_ += by.count(); }

 private:
  std::atomic<int64_t> passed_{0};
};

class WebFetcherTest : public testing::Test {
 protected:
  // A fetcher in a hurry.
  static std::unique_ptr<WebFetcher> Start(Duration timeout = 5s) {
    WebFetcherOptions options;
    options.pace = {.timeout = timeout, .gap = 2ms, .longest_gap = 4ms};
    options.names.servers = "127.0.0.1:1";
    return *WebFetcher::Start(std::move(options));
  }
  static std::shared_ptr<Document> Open(WebFetcher& fetcher, uint16_t port, Duration refresh = 2ms) {
    Request request{.uri = StrCat("http://localhost:", port, "/keys"),
                    .refresh = refresh,
                    .allow_private_addresses = true,
                    .authorities = ""};
    return *fetcher.Open(request);
  }
};

TEST_F(WebFetcherTest, KeepsTheVersionOfABodyThatStaysTheSame) {
  TestServer server(Ok("keys"));
  std::unique_ptr<WebFetcher> fetcher = Start();
  std::shared_ptr<Document> document = Open(*fetcher, server.port());
  ASSERT_TRUE(Eventually([&] { return document->version() == 1; }));
  Fetched first = document->Latest();
  ASSERT_TRUE(Eventually([&] { return document->Latest().at > first.at; }));
  EXPECT_EQ(document->version(), 1u);
  EXPECT_EQ(document->Latest().body, first.body);
}

TEST_F(WebFetcherTest, ChangesTheVersionWithTheBody) {
  TestServer server([](int connection) { return Reply{Ok(connection < 3 ? "old" : "new")}; });
  std::unique_ptr<WebFetcher> fetcher = Start();
  std::shared_ptr<Document> document = Open(*fetcher, server.port());
  ASSERT_TRUE(Eventually([&] { return document->version() == 1; }));
  Fetched first = document->Latest();
  EXPECT_EQ(*first.body, "old");
  ASSERT_TRUE(Eventually([&] { return document->version() == 2; }));
  EXPECT_EQ(*document->Latest().body, "new");
  EXPECT_EQ(*first.body, "old");
}

TEST_F(WebFetcherTest, KeepsTheLastBodyWhileFetchesFail) {
  TestServer server([](int connection) {
    return Reply{connection == 0 ? Ok("keys") : "HTTP/1.1 503 Sorry\r\nContent-Length: 0\r\n\r\n"};
  });
  std::unique_ptr<WebFetcher> fetcher = Start();
  std::shared_ptr<Document> document = Open(*fetcher, server.port());
  ASSERT_TRUE(Eventually([&] { return !document->Problem().empty(); }));
  EXPECT_EQ(document->Problem(), StrCat("localhost:", server.port(), ": answered 503"));
  EXPECT_EQ(*document->Latest().body, "keys");
  EXPECT_EQ(document->version(), 1u);
}

TEST_F(WebFetcherTest, RecoversWhenTheServerComes) {
  uint16_t port = FreePort();
  std::unique_ptr<WebFetcher> fetcher = Start();
  std::shared_ptr<Document> document = Open(*fetcher, port);
  ASSERT_TRUE(Eventually([&] { return !document->Problem().empty(); }));
  EXPECT_THAT(document->Problem(), HasSubstr("Connection refused"));
  TestServer server([](int) { return Reply{Ok("keys")}; }, nullptr, port);
  ASSERT_TRUE(Eventually([&] { return document->version() == 1; }));
  EXPECT_EQ(document->Problem(), "");
}

TEST_F(WebFetcherTest, GivesUpWhenTheTimeIsOver) {
  TestServer silent([](int) { return Reply{"", Reply::Then::kStall}; });
  std::unique_ptr<WebFetcher> fetcher = Start(50ms);
  std::shared_ptr<Document> document = Open(*fetcher, silent.port());
  // A server that never speaks TLS, either.
  std::shared_ptr<Document> secure = *fetcher->Open({.uri = StrCat("https://localhost:", silent.port()),
                                                     .allow_private_addresses = true,
                                                     .authorities = TestCa().cert()});
  ASSERT_TRUE(Eventually([&] { return !document->Problem().empty() && !secure->Problem().empty(); }));
  EXPECT_THAT(document->Problem(), HasSubstr("the answer did not come in time"));
  EXPECT_THAT(secure->Problem(), HasSubstr("TLS: "));
  EXPECT_THAT(secure->Problem(), HasSubstr("timed out"));
}

TEST_F(WebFetcherTest, RenewsWhenItIsAskedTo) {
  TestServer server([](int connection) { return Reply{Ok(StrCat(connection))}; });
  SharedClock clock;
  WebFetcherOptions options;
  options.clock = &clock;
  options.pace.gap = 1ms;
  std::unique_ptr<WebFetcher> fetcher = *WebFetcher::Start(std::move(options));
  std::shared_ptr<Document> document = Open(*fetcher, server.port(), 1h);
  ASSERT_TRUE(Eventually([&] { return document->version() == 1 && !document->Pending(); }));
  EXPECT_TRUE(document->Renew());
  ASSERT_TRUE(Eventually([&] { return document->version() == 2 && !document->Pending(); }));
  EXPECT_FALSE(document->Renew());
  clock.Advance(Document::kRenewGap);
  EXPECT_TRUE(document->Renew());
  ASSERT_TRUE(Eventually([&] { return document->version() == 3 && !document->Pending(); }));
  EXPECT_EQ(*document->Latest().body, "2");
  EXPECT_EQ(document->Latest().at, document->Now());
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(WebFetcherTest, BreaksOffWhenTheLastHolderIsGone) {
  TestServer silent([](int) { return Reply{"", Reply::Then::kStall}; });
  std::unique_ptr<WebFetcher> fetcher = Start();
  std::shared_ptr<Document> document = Open(*fetcher, silent.port());
  ASSERT_TRUE(Eventually([&] { return silent.requests().size() == 1; }));
  document.reset();
  EXPECT_TRUE(Eventually([&] { return silent.ended() == 1; }));
}

TEST_F(WebFetcherTest, EndsInTheMiddleOfFetches) {
  TestServer silent([](int) { return Reply{"HTTP/1.1 200 OK\r\n\r\nke", Reply::Then::kStall}; });
  std::unique_ptr<WebFetcher> fetcher = Start();
  std::vector<std::shared_ptr<Document>> documents;
  for (int i = 0; i < 10; ++i) documents.push_back(Open(*fetcher, silent.port()));
  ASSERT_TRUE(Eventually([&] { return silent.requests().size() == 10; }));
  // Some that have only just begun, some that wait for a handshake, and some that wait for a name.
  for (std::string_view host : {"localhost", "127.0.0.1", "somewhere.example", "elsewhere.example"}) {
    documents.push_back(*fetcher->Open({.uri = StrCat("https://", host, ":", silent.port()),
                                        .allow_private_addresses = true,
                                        .authorities = TestCa().cert()}));
  }
  fetcher.reset();
  EXPECT_TRUE(Eventually([&] { return silent.ended() == silent.connections(); }));
  for (const std::shared_ptr<Document>& document : documents) {
    EXPECT_FALSE(document->Pending());
    EXPECT_FALSE(document->Renew());
    EXPECT_EQ(document->Latest().body, nullptr);
  }
}

TEST_F(WebFetcherTest, IsReadWhileItIsFetched) {
  TestServer server([](int connection) { return Reply{Ok(StrCat("keys ", connection))}; });
  std::unique_ptr<WebFetcher> fetcher = Start();
  std::shared_ptr<Document> document = Open(*fetcher, server.port());
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([document] {
      std::uint64_t seen = 0;
      EXPECT_TRUE(Eventually([&] {
        std::uint64_t version = document->version();
        Fetched latest = document->Latest();
        EXPECT_GE(version, seen);
        EXPECT_TRUE(version == 0 || latest.body != nullptr);
        seen = version;
        document->Renew();
        return version >= 20;
      }));
    });
  }
  document.reset();
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace penstock::fetch
