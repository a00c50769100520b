#include "dataplane/fetch/fetch_loop.h"

#include <gmock/gmock.h>

#include "dataplane/fetch/fetch_loop_fixture.h"

namespace penstock::fetch {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST_F(FetchLoopTest, GivesUpAfterFiveSecondsWhateverTakesSoLong) {
  TestServer silent([](int) { return TestServer::Reply{"", TestServer::Reply::Then::kStall}; });
  TestServer slow([](int) {
    return TestServer::Reply{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nkey", TestServer::Reply::Then::kStall};
  });
  resolver_.addresses = {"127.0.0.1"};
  std::shared_ptr<WebDocument> first = Follow(silent.port());
  std::shared_ptr<WebDocument> second = Follow(slow.port());
  ASSERT_TRUE(TurnUntil([&] { return silent.requests().size() == 1 && slow.requests().size() == 1; }));
  Pass(4900ms);
  EXPECT_TRUE(first->Pending());
  EXPECT_TRUE(second->Pending());
  Pass(100ms);
  EXPECT_EQ(first->Problem(), StrCat("idp.example:", silent.port(), ": the answer did not come in time"));
  EXPECT_EQ(second->Problem(), StrCat("idp.example:", slow.port(), ": the answer did not come in time"));
  EXPECT_EQ(second->Latest().body, nullptr);
}

TEST_F(FetchLoopTest, LetsNoDocumentWaitForAnother) {
  TestServer silent([](int) { return TestServer::Reply{"", TestServer::Reply::Then::kStall}; });
  TestServer server(Ok("keys"));
  resolver_.addresses = {"127.0.0.1"};
  std::shared_ptr<WebDocument> first = Follow(silent.port());
  std::shared_ptr<WebDocument> second = Follow(server.port());
  ASSERT_TRUE(Settles(*second));
  EXPECT_EQ(*second->Latest().body, "keys");
  EXPECT_TRUE(first->Pending());
}

TEST_F(FetchLoopTest, TriesTheAddressesOfANameInTurn) {
  TestServer server(Ok("keys"));
  resolver_.addresses = {"::1", "127.9.9.9", "127.0.0.1"};
  std::shared_ptr<WebDocument> document = Follow(server.port());
  ASSERT_TRUE(Settles(*document));
  EXPECT_EQ(document->Problem(), "");
  EXPECT_EQ(document->version(), 1u);
}

TEST_F(FetchLoopTest, ConnectsToNoPrivateAddressWhateverElseTheNameMeans) {
  TestServer server(Ok("keys"));
  for (std::vector<std::string_view> addresses :
       {std::vector<std::string_view>{"127.0.0.1"}, {"10.0.0.1", "::ffff:127.0.0.1", "fe80::1"}}) {
    resolver_.addresses = addresses;
    std::shared_ptr<WebDocument> document = Follow(server.port(), false);
    EXPECT_EQ(document->Problem(),
              StrCat("idp.example:", server.port(), ": resolves to a private address; allowPrivateAddresses"));
  }
  // The public one leads nowhere.
  resolver_.addresses = {"127.0.0.1", "192.0.2.1"};
  std::shared_ptr<WebDocument> document = Follow(server.port(), false);
  Pass(5s);
  ASSERT_TRUE(Settles(*document));
  EXPECT_THAT(document->Problem(), Not(HasSubstr("private")));
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(FetchLoopTest, EndsWithTheLastHolder) {
  TestServer silent([](int) { return TestServer::Reply{"", TestServer::Reply::Then::kStall}; });
  std::shared_ptr<WebDocument> resting = Follow();
  resolver_.addresses = {"127.0.0.1"};
  std::shared_ptr<WebDocument> running = Follow(silent.port());
  ASSERT_TRUE(TurnUntil([&] { return silent.requests().size() == 1; }));
  EXPECT_EQ(loop_.documents(), 2u);
  std::shared_ptr<WebDocument> another_holder = resting;
  resting.reset();
  running.reset();
  EXPECT_TRUE(TurnUntil([&] { return loop_.documents() == 1; }));
  EXPECT_TRUE(Eventually([&] { return silent.ended() == 1; }));
  another_holder.reset();
  EXPECT_TRUE(TurnUntil([&] { return loop_.idle(); }));
  size_t asked = resolver_.asked.size();
  Pass(200s, 1s);
  EXPECT_EQ(resolver_.asked.size(), asked);
}

TEST_F(FetchLoopTest, LeavesDocumentsAsTheyAreWhenItStops) {
  TestServer server([](int connection) {
    return connection == 0 ? TestServer::Reply{Ok("keys")} : TestServer::Reply{"", TestServer::Reply::Then::kStall};
  });
  resolver_.addresses = {"127.0.0.1"};
  std::shared_ptr<WebDocument> document = Follow(server.port());
  ASSERT_TRUE(Settles(*document));
  Pass(5s);
  EXPECT_TRUE(document->Renew());
  ASSERT_TRUE(TurnUntil([&] { return server.requests().size() == 2; }));
  line_->Cut();
  loop_.Stop();
  EXPECT_TRUE(TurnUntil([&] { return loop_.idle(); }));
  EXPECT_EQ(*document->Latest().body, "keys");
  EXPECT_EQ(document->Problem(), "");
  EXPECT_FALSE(document->Pending());
  Pass(100s, 1s);
  EXPECT_FALSE(document->Renew());
}

TEST_F(FetchLoopTest, TellsTheFirstFailureAndTheRecoveryAndCountsAll) {
  TestServer server(Ok("private-content"));
  std::shared_ptr<WebDocument> document = Follow(server.port());
  Pass(10s);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_THAT(lines_[0], HasSubstr("error fetch: a document cannot be fetched"));
  EXPECT_THAT(lines_[0], HasSubstr(StrCat("idp.example:", server.port(), ": the name does not exist")));
  resolver_.addresses = {"127.0.0.1"};
  Pass(6s);
  ASSERT_TRUE(TurnUntil([&] { return document->version() == 1; }));
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_THAT(lines_[1], HasSubstr("info fetch: a document is fetched again"));
  for (const std::string& line : lines_) {
    EXPECT_THAT(line, Not(HasSubstr("private-content")));
    EXPECT_THAT(line, Not(HasSubstr("secret")));
  }
  EXPECT_EQ(cells_.fetches.Read(), 1u);
  EXPECT_EQ(cells_.fetch_failures.Read(), 4u);
}

}  // namespace
}  // namespace penstock::fetch
