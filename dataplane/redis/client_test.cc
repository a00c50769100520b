#include "dataplane/redis/client.h"

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

TEST_F(RedisClient, ConnectsAtTheFirstCallAndCarriesAnyBytes) {
  RedisServer server;
  Client& client = Connect(server.options());
  EXPECT_FALSE(client.up());
  const std::string value("a\0\r\n*1\r\n$8\r\nFLUSHALL\r\n", 23);
  EXPECT_EQ(Ask(client, {"SET", "k", value}), "OK");
  EXPECT_TRUE(client.up());
  EXPECT_EQ(Ask(client, {"GET", "k"}), value);
  EXPECT_EQ(Ask(client, {"GET", "missing"}), "nil");
  EXPECT_EQ(Ask(client, {"INCR", "n"}), "1");
  EXPECT_EQ(Ask(client, {"TIME"}), "array of 2");
  EXPECT_EQ(Ask(client, {"INCR", "k"}), "ERR value is not an integer or out of range");
}

TEST_F(RedisClient, KeepsTheOrderOfTenThousandCallsInFlight) {
  RedisServer server;
  Client& client = Connect(server.options(), {.commands = 10'000, .bytes = std::size_t{1} << 20});
  ASSERT_EQ(Ask(client, {"PING"}), "PONG");
  std::vector<Task<StatusOr<Reply>>> calls;
  for (int i = 0; i < 10'000; ++i) calls.push_back(Call(client, {"INCR", "n"}, Within(seconds(60))));
  std::vector<StatusOr<Reply>> replies = reactor_->BlockOn(WhenAll(std::move(calls)));
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(Show(replies[i]), std::to_string(i + 1));
}

Task<int> EchoMany(Client& client, int caller, int calls, io::Reactor& reactor) {
  int right = 0;
  for (int i = 0; i < calls; ++i) {
    const std::string text = StrCat(caller, " says ", i);
    const std::string_view arguments[] = {"ECHO", text};
    StatusOr<Reply> reply = co_await client.Call(arguments, {});
    if (reply.ok() && reply->text == text) ++right;
    if (i % 7 == caller % 7) co_await reactor.Yield();
  }
  co_return right;
}

TEST_F(RedisClient, GivesEachOfManyCallersItsOwnReplies) {
  RedisServer server;
  Client& client = Connect(server.options());
  std::vector<Task<int>> callers;
  for (int caller = 0; caller < 500; ++caller) callers.push_back(EchoMany(client, caller, 20, *reactor_));
  for (int right : reactor_->BlockOn(WhenAll(std::move(callers)))) EXPECT_EQ(right, 20);
}

TEST_F(RedisClient, WhoseTimeIsOverGetsNoReplyAndTheNextOneGetsItsOwn) {
  RedisServer server;
  Client& client = Connect(server.options());
  ASSERT_EQ(Ask(client, {"PING"}), "PONG");
  server.Pause();
  EXPECT_EQ(Ask(client, {"ECHO", "late"}, milliseconds(5)), "DEADLINE_EXCEEDED: redis: timed out");
  server.Continue();
  EXPECT_EQ(Ask(client, {"ECHO", "mine"}), "mine");
  EXPECT_TRUE(client.up());
}

TEST_F(RedisClient, RefusesAtOnceWhenTooMuchIsUnanswered) {
  RedisServer server;
  Client& client = Connect(server.options(), {.commands = 10, .bytes = 1000});
  ASSERT_EQ(Ask(client, {"PING"}), "PONG");
  server.Pause();
  std::vector<Task<StatusOr<Reply>>> calls;
  Wait wait = Within(milliseconds(300));  // one for all: after three that time out the others are told why
  for (int i = 0; i < 12; ++i) calls.push_back(Call(client, {"PING"}, wait));
  std::vector<StatusOr<Reply>> replies = reactor_->BlockOn(WhenAll(std::move(calls)));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(IsTimeout(replies[i].status()));
  for (int i = 10; i < 12; ++i) EXPECT_TRUE(absl::IsResourceExhausted(replies[i].status()));
  server.Continue();
  EXPECT_TRUE(Becomes(client, true));
  EXPECT_EQ(Ask(client, {"ECHO", std::string(2000, 'x')}),
            "RESOURCE_EXHAUSTED: redis: too many commands are unanswered");
  EXPECT_EQ(Ask(client, {"PING"}), "PONG");
}

TEST_F(RedisClient, SelectsItsDatabase) {
  RedisServer server;
  ServerOptions options = server.options();
  options.database = 3;
  EXPECT_EQ(Ask(Connect(options), {"SET", "k", "v"}), "OK");
  EXPECT_EQ(Ask(Connect(server.options()), {"EXISTS", "k"}), "0");
  options.database = 1000;
  EXPECT_EQ(Ask(Connect(options), {"PING"}),
            StrCat("UNAVAILABLE: redis ", server.address(), ": SELECT: refused with ERR"));
}

TEST_F(RedisClient, EndsACallThatIsCancelledAndAllCallsWhenItStops) {
  RedisServer server;
  Client& client = Connect(server.options());
  ASSERT_EQ(Ask(client, {"PING"}), "PONG");
  Cancellation cancellation;
  Child<StatusOr<Reply>> first;
  Child<StatusOr<Reply>> second;
  first.Start(Call(client, {"BLPOP", "nothing", "0"}, {kNoDeadline, &cancellation}));
  second.Start(Call(client, {"BLPOP", "nothing", "0"}, {}));
  cancellation.Cancel();
  EXPECT_TRUE(IsCancelled(reactor_->BlockOn(first.Join()).status()));
  reactor_->BlockOn(client.Stop());
  EXPECT_TRUE(absl::IsUnavailable(reactor_->BlockOn(second.Join()).status()));
  EXPECT_TRUE(FailsAtOnce(client));
}

TEST(ServerAddress, IsAHostAndAPortOrASocket) {
  for (const char* text : {"redis.example:6379", "127.0.0.1:1", "[::1]:65535", "unix:/run/redis.sock"}) {
    StatusOr<ServerAddress> address = ServerAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << text << address.status();
    EXPECT_EQ(address->text, text);
    EXPECT_EQ(address->literal.has_value(), address->host.empty());
  }
  EXPECT_EQ(ServerAddress::Parse("redis.example:6379")->host, "redis.example");
  EXPECT_EQ(ServerAddress::Parse("redis.example:6379")->port, 6379);
  for (const char* text : {"", "redis", "redis:", ":6379", "redis:0", "redis:65536", "redis:6379x", "redis://h:6379",
                           "a:b:6379", "[::1]", "[::1:6379", "unix:"}) {
    EXPECT_FALSE(ServerAddress::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace penstock::redis
