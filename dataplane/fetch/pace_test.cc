// When documents are fetched.
#include <gmock/gmock.h>

#include <algorithm>

#include "dataplane/fetch/fetch_loop_fixture.h"

namespace penstock::fetch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST_F(FetchLoopTest, FetchesAtOnce) {
  std::shared_ptr<WebDocument> document = Follow();
  EXPECT_EQ(resolver_.asked.size(), 1u);
  EXPECT_FALSE(document->Pending());
  EXPECT_EQ(document->Problem(), "idp.example:1: the name does not exist or has no address");
  EXPECT_EQ(document->Latest().body, nullptr);
  EXPECT_EQ(document->version(), 0u);
}

TEST_F(FetchLoopTest, TriesMoreAndMoreSeldomWhileItFails) {
  std::shared_ptr<WebDocument> document = Follow();
  Pass(260s);
  EXPECT_THAT(Gaps(), ElementsAre(1, 2, 4, 8, 16, 32, 60, 60, 60));
}

TEST_F(FetchLoopTest, FetchesAgainAfterTheRefreshGiveOrTakeATenth) {
  TestServer server(Ok("keys"));
  resolver_.addresses = {"127.0.0.1"};
  std::shared_ptr<WebDocument> document = Follow(server.port());
  for (size_t fetches = 1; fetches <= 10; ++fetches) {
    ASSERT_TRUE(Settles(*document));
    ASSERT_EQ(document->Problem(), "");
    ASSERT_EQ(resolver_.asked.size(), fetches);
    while (resolver_.asked.size() == fetches) Pass(1s, 1s);
  }
  std::vector<int64_t> gaps = Gaps();
  EXPECT_THAT(gaps, testing::Each(testing::AllOf(testing::Ge(90), testing::Le(111))));
  std::sort(gaps.begin(), gaps.end());
  EXPECT_GT(gaps.back() - gaps.front(), 4);
}

TEST_F(FetchLoopTest, BeginsAnewWithItsPatienceOnceItWorked) {
  TestServer server([](int connection) { return TestServer::Reply{connection == 0 ? Ok("keys") : ""}; });
  std::shared_ptr<WebDocument> document = Follow(server.port());
  Pass(4s);
  EXPECT_THAT(Gaps(), ElementsAre(1, 2));
  resolver_.addresses = {"127.0.0.1"};
  Pass(4s);
  ASSERT_TRUE(TurnUntil([&] { return document->version() == 1; }));
  resolver_.addresses.clear();
  resolver_.asked.clear();
  while (resolver_.asked.size() < 4) Pass(100ms);
  EXPECT_THAT(Gaps(), ElementsAre(1, 2, 4));
}

TEST_F(FetchLoopTest, RenewsAtOnce) {
  TestServer server(Ok("keys"));
  resolver_.addresses = {"127.0.0.1"};
  std::shared_ptr<WebDocument> document = Follow(server.port());
  ASSERT_TRUE(Settles(*document));
  Pass(10s);
  EXPECT_TRUE(document->Renew());
  EXPECT_TRUE(document->Pending());
  ASSERT_TRUE(Settles(*document));
  EXPECT_THAT(Gaps(), ElementsAre(10));
}

TEST_F(FetchLoopTest, RenewsWhileItRestsAfterFailures) {
  std::shared_ptr<WebDocument> document = Follow();
  Pass(70s);
  EXPECT_THAT(Gaps(), ElementsAre(1, 2, 4, 8, 16, 32));
  EXPECT_TRUE(document->Renew());
  reactor_->Turn(0ms);
  EXPECT_EQ(resolver_.asked.size(), 8u);
  EXPECT_FALSE(document->Pending());
}

TEST_F(FetchLoopTest, DoesNotRenewMoreOftenThanOnceASecond) {
  TestServer server(Ok("keys"));
  resolver_.addresses = {"127.0.0.1"};
  std::shared_ptr<WebDocument> document = Follow(server.port());
  ASSERT_TRUE(Settles(*document));
  EXPECT_TRUE(document->Renew());
  Pass(900ms);
  EXPECT_EQ(resolver_.asked.size(), 1u);
  EXPECT_TRUE(document->Pending());
  Pass(100ms);
  EXPECT_EQ(resolver_.asked.size(), 2u);
}

TEST_F(FetchLoopTest, KeepsRequestsToRenewApart) {
  TestServer server(Ok("keys"));
  resolver_.addresses = {"127.0.0.1"};
  std::shared_ptr<WebDocument> document = Follow(server.port());
  ASSERT_TRUE(Settles(*document));
  Pass(5s);
  EXPECT_TRUE(document->Renew());
  EXPECT_TRUE(document->Renew());  // that one is not over
  ASSERT_TRUE(Settles(*document));
  EXPECT_FALSE(document->Renew());
  Pass(Document::kRenewGap - 100ms);
  EXPECT_FALSE(document->Renew());
  EXPECT_EQ(resolver_.asked.size(), 2u);
  Pass(100ms);
  EXPECT_TRUE(document->Renew());
  ASSERT_TRUE(Settles(*document));
  EXPECT_EQ(resolver_.asked.size(), 3u);
}

TEST_F(FetchLoopTest, TakesAFetchThatRunsForTheRenewal) {
  TestServer server([](int) { return TestServer::Reply{"", TestServer::Reply::Then::kStall}; });
  resolver_.addresses = {"127.0.0.1"};
  std::shared_ptr<WebDocument> document = Follow(server.port());
  ASSERT_TRUE(TurnUntil([&] { return server.requests().size() == 1; }));
  EXPECT_TRUE(document->Renew());
  Pass(4s);
  EXPECT_EQ(resolver_.asked.size(), 1u);
  EXPECT_TRUE(document->Pending());
}

}  // namespace
}  // namespace penstock::fetch
