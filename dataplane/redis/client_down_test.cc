// Servers that die, fall silent, refuse or misbehave.
#include <string>
#include <vector>

#include "dataplane/base/strings.h"
#include "dataplane/base/when.h"
#include "dataplane/redis/client_fixture.h"
#include "gtest/gtest.h"

namespace penstock::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(RedisClient, TreatsAServerThatIsSilentAsDownUntilItAnswersAgain) {
  RedisServer server;
  Client& client = Connect(server.options());
  ASSERT_EQ(Ask(client, {"PING"}), "PONG");
  server.Pause();
  for (int i = 0; i < Client::kTimeoutsInARow; ++i) {
    EXPECT_TRUE(client.up());
    EXPECT_EQ(Ask(client, {"PING"}, milliseconds(20)), "DEADLINE_EXCEEDED: redis: timed out");
  }
  EXPECT_FALSE(client.up());
  EXPECT_TRUE(FailsAtOnce(client));
  EXPECT_NE(Ask(client, {"PING"}).find("it does not answer"), std::string::npos);
  server.Continue();
  EXPECT_TRUE(Becomes(client, true));
  EXPECT_EQ(Ask(client, {"ECHO", "again"}), "again");
}

// The clock stands still until it is told to go on, so that nothing depends on how fast this machine is.
TEST(RedisClientSilence, IsNotWhatCallersWithNextToNoTimeSee) {
  RedisServer server;
  FakeClock clock;
  std::unique_ptr<io::Reactor> reactor = *io::Reactor::Create({.clock = &clock, .seed = 1});
  Client client(*reactor, server.options());
  const std::string_view ping[] = {"PING"};
  ASSERT_TRUE(reactor->BlockOn(client.Call(ping, {})).ok());
  server.Pause();
  auto time_out = [&](int calls, Duration budget) {
    std::vector<Child<StatusOr<Reply>>> waiting(calls);
    for (auto& one : waiting) one.Start(client.Call(ping, {clock.Now() + budget, nullptr}));
    reactor->Turn(Duration::zero());
    clock.Advance(budget);
    reactor->Turn(Duration::zero());
    for (auto& one : waiting) EXPECT_TRUE(IsTimeout(reactor->BlockOn(one.Join()).status()));
  };
  time_out(100, milliseconds(1));
  EXPECT_TRUE(client.up());
  time_out(100, milliseconds(18));
  EXPECT_TRUE(client.up());
  time_out(1, milliseconds(1));
  EXPECT_FALSE(client.up());
  reactor->BlockOn(client.Stop());
}

TEST_F(RedisClient, FailsWhoWaitsWhenTheServerDiesAndFindsItAgain) {
  RedisServer server;
  Client& client = Connect(server.options());
  ASSERT_EQ(Ask(client, {"PING"}), "PONG");
  Child<StatusOr<Reply>> waits;
  waits.Start(Call(client, {"BLPOP", "nothing", "0"}, Within(seconds(20))));
  server.Kill();
  StatusOr<Reply> reply = reactor_->BlockOn(waits.Join());
  EXPECT_TRUE(absl::IsUnavailable(reply.status())) << reply.status();
  EXPECT_TRUE(FailsAtOnce(client));
  server.Start();
  EXPECT_TRUE(Becomes(client, true));
  EXPECT_EQ(Ask(client, {"ECHO", "again"}), "again");
}

TEST_F(RedisClient, OnlyTheFirstCallsWaitForAConnection) {
  RedisServer server;
  server.Kill();
  Client& client = Connect(server.options());
  std::vector<Task<StatusOr<Reply>>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(Call(client, {"PING"}, Within(seconds(10))));
  for (StatusOr<Reply>& reply : reactor_->BlockOn(WhenAll(std::move(calls)))) {
    EXPECT_TRUE(absl::IsUnavailable(reply.status())) << reply.status();
  }
  EXPECT_TRUE(FailsAtOnce(client));
  server.Start();
  EXPECT_TRUE(Becomes(client, true));
}

TEST_F(RedisClient, AFirstCallWaitsNoLongerThanItsTime) {
  RedisServer server;
  server.Pause();
  Client& client = Connect(server.options());
  EXPECT_EQ(Ask(client, {"PING"}, milliseconds(5)), "DEADLINE_EXCEEDED: redis: connect: timed out");
  server.Continue();
  EXPECT_TRUE(Becomes(client, true));
}

TEST_F(RedisClient, SaysThatThePasswordIsWrongButNotThePassword) {
  RedisServer server({"--requirepass", "correct horse", "--user", "alice", "on", ">battery", "~*", "+@all"});
  ServerOptions options = server.options();
  EXPECT_EQ(Ask(Connect(options), {"PING"}),
            StrCat("UNAVAILABLE: redis ", server.address(), ": PING: refused with NOAUTH"));
  options.password = "staple";
  EXPECT_EQ(Ask(Connect(options), {"PING"}),
            StrCat("UNAVAILABLE: redis ", server.address(), ": AUTH: refused with WRONGPASS"));
  options.password = "correct horse";
  EXPECT_EQ(Ask(Connect(options), {"ACL", "WHOAMI"}), "default");
  options.user = "alice";
  EXPECT_EQ(Ask(Connect(options), {"PING"}),
            StrCat("UNAVAILABLE: redis ", server.address(), ": AUTH: refused with WRONGPASS"));
  options.password = "battery";
  EXPECT_EQ(Ask(Connect(options), {"ACL", "WHOAMI"}), "alice");
}

TEST_F(RedisClient, SaysNothingThatAServerMadeOfThePassword) {
  for (const char* answer :
       {"-hunter2\r\n", "-ERR no hunter2\r\n", "+hunter2\r\n", "hunter2\r\n", "+OK\r\n-hunter2\r\n"}) {
    FakeServer server(*reactor_, answer, "");
    ServerOptions options = server.options();
    options.password = "hunter2";
    std::string said = Ask(Connect(options), {"PING"});
    EXPECT_NE(said.find("AUTH"), std::string::npos) << said;
    EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
    reactor_->BlockOn(clients_.back()->Stop());
  }
}

TEST_F(RedisClient, ClosesAConnectionThatAnswersWithAnythingElse) {
  struct Case {
    std::string answer;
    FakeServer::Then then;
    std::string_view reason;
  };
  const Case cases[] = {
      {"HTTP/1.1 400 Bad Request\r\n\r\n", FakeServer::Then::kStays, "it sent a reply of unknown type"},
      {"$99999999\r\n", FakeServer::Then::kStays, "it sent a text that is too long"},
      {"+PONG\r\n+PONG\r\n+PONG\r\n+PONG\r\n", FakeServer::Then::kStays, "it sent a reply to nothing"},
      {"+PONG\r\n:1", FakeServer::Then::kCloses, "closed by the server"},
      {"", FakeServer::Then::kCloses, "closed by the server"},
  };
  for (const Case& one : cases) {
    FakeServer server(*reactor_, "+PONG\r\n", one.answer, one.then);
    Client& client = Connect(server.options());
    std::vector<Task<StatusOr<Reply>>> calls;
    for (int i = 0; i < 3; ++i) calls.push_back(Call(client, {"PING"}, Within(seconds(20))));
    std::vector<StatusOr<Reply>> replies = reactor_->BlockOn(WhenAll(std::move(calls)));
    bool answered = one.answer.starts_with("+PONG");
    EXPECT_EQ(replies[0].ok(), answered) << one.reason;
    if (one.reason != "it sent a reply to nothing") {
      EXPECT_TRUE(absl::IsUnavailable(replies[2].status()));
      EXPECT_NE(replies[2].status().ToString().find(std::string(one.reason)), std::string::npos) << replies[2].status();
    }
    EXPECT_TRUE(Becomes(client, false)) << one.reason;
    reactor_->BlockOn(client.Stop());
  }
}

TEST_F(RedisClient, IsDownWhileItsServerIsSlowerThanItsCallersWait) {
  RedisServer server;
  ServerOptions options = server.options();
  options.patience = Duration(0);
  Client& client = Connect(options);
  std::string said = Ask(client, {"PING"}, seconds(20));
  EXPECT_NE(said.find("later than the timeout of 0 ms"), std::string::npos) << said;
  EXPECT_TRUE(FailsAtOnce(client));
}

TEST_F(RedisClient, CountsConnectionsThatAreUpDownAndLost) {
  RedisServer server;
  Client& client = Connect(server.options());
  auto counted = [&] {
    return StrCat(cells_.redis_connections_up.Read(), " up, ", cells_.redis_connections_down.Read(), " down, ",
                  cells_.redis_connections_lost.Read(), " lost");
  };
  EXPECT_EQ(counted(), "0 up, 0 down, 0 lost");
  ASSERT_EQ(Ask(client, {"PING"}), "PONG");
  EXPECT_EQ(counted(), "1 up, 0 down, 0 lost");
  server.Kill();
  ASSERT_TRUE(Becomes(client, false));
  EXPECT_EQ(counted(), "0 up, 1 down, 1 lost");
  server.Start();
  ASSERT_TRUE(Becomes(client, true));
  EXPECT_EQ(counted(), "1 up, 0 down, 1 lost");
  reactor_->BlockOn(client.Stop());
  EXPECT_EQ(counted(), "0 up, 0 down, 1 lost");
}

TEST_F(RedisClient, WaitsForAServerThatNeverGreetsNoLongerThanItsDialTimeout) {
  FakeServer server(*reactor_, "", "");
  Client& client = Connect(server.options());
  std::string said = Ask(client, {"PING"}, seconds(20));
  EXPECT_NE(said.find("UNAVAILABLE"), std::string::npos) << said;
  EXPECT_NE(said.find("PING: "), std::string::npos) << said;
}

}  // namespace
}  // namespace penstock::redis
