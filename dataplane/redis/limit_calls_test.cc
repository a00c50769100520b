#include "dataplane/redis/limit_calls.h"

#include <set>
#include <string>
#include <vector>

#include "dataplane/base/when.h"
#include "dataplane/redis/client_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace penstock::redis {
namespace {

using limits::Algorithm;
using limits::LimitRule;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr LimitRule kTenPerHour{.algorithm = Algorithm::kTokenBucket, .requests = 10, .per = hours(1)};

class LimitCall : public RedisClient {
 protected:
  StatusOr<TakenThere> Take(LimitCalls& calls, const LimitRule& rule, std::string_view key, std::uint32_t cost = 1) {
    return reactor_->BlockOn(calls.Take(rule, "rule", key, cost, {}));
  }
};

TEST_F(LimitCall, WorkersAndProcessesShareWhatIsAllowed) {
  RedisServer server;
  LimitRule rule{.algorithm = Algorithm::kFixedWindow, .requests = 100, .per = hours(24 * 31)};
  std::vector<std::unique_ptr<LimitCalls>> workers;
  std::vector<Task<StatusOr<TakenThere>>> questions;
  for (int i = 0; i < 4; ++i) workers.push_back(std::make_unique<LimitCalls>(Connect(server.options()), "test:"));
  for (int i = 0; i < 400; ++i) questions.push_back(workers[i % 4]->Take(rule, "rule", "key", 1, {}));
  int allowed = 0;
  for (StatusOr<TakenThere>& answer : reactor_->BlockOn(WhenAll(std::move(questions)))) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    allowed += answer->taken.allowed ? 1 : 0;
  }
  EXPECT_EQ(allowed, 100);
}

TEST_F(LimitCall, SendsTheScriptOnlyIfTheServerDoesNotKnowIt) {
  RedisServer server;
  Client& client = Connect(server.options());
  LimitCalls calls(client, "test:");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Take(calls, kTenPerHour, "key").ok());
  EXPECT_NE(Ask(client, {"INFO", "commandstats"}).find("cmdstat_eval:calls=1,"), std::string::npos);
  EXPECT_EQ(Ask(client, {"SCRIPT", "FLUSH"}), "OK");
  StatusOr<TakenThere> sixth = Take(calls, kTenPerHour, "key");
  ASSERT_TRUE(sixth.ok()) << sixth.status();
  EXPECT_EQ(sixth->taken.remaining, 4u);
  EXPECT_NE(Ask(client, {"INFO", "commandstats"}).find("cmdstat_eval:calls=2,"), std::string::npos);
}

TEST_F(LimitCall, CountsAServerThatRefusesAsLostUntilItServesAgain) {
  RedisServer server;
  Client& client = Connect(server.options());
  LimitCalls calls(client, "test:");
  auto counted = [&] {
    return StrCat(cells_.redis_connections_up.Read(), " up, ", cells_.redis_connections_down.Read(), " down");
  };
  EXPECT_TRUE(Take(calls, kTenPerHour, "key").ok());
  EXPECT_EQ(counted(), "1 up, 0 down");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(client, {"CONFIG", "SET", "maxmemory", "1"}), "OK");
    for (int i = 0; i < 3; ++i) {
      StatusOr<TakenThere> refused = Take(calls, kTenPerHour, "key");
      EXPECT_THAT(refused.status().ToString(), testing::HasSubstr("refused with OOM"));
      EXPECT_EQ(counted(), "0 up, 1 down");
      EXPECT_TRUE(client.up());
    }
    EXPECT_EQ(Ask(client, {"CONFIG", "SET", "maxmemory", "0"}), "OK");
    EXPECT_TRUE(Take(calls, kTenPerHour, "key").ok());
    EXPECT_EQ(counted(), "1 up, 0 down");
  }
  EXPECT_EQ(Ask(client, {"CONFIG", "SET", "maxmemory", "1"}), "OK");
  EXPECT_FALSE(Take(calls, kTenPerHour, "key").ok());
  server.Kill();
  EXPECT_TRUE(Becomes(client, false));
  EXPECT_EQ(counted(), "0 up, 1 down");
  EXPECT_EQ(cells_.redis_connections_lost.Read(), 1u);
}

TEST_F(LimitCall, GoesOnWhenTheServerHasLostEverything) {
  RedisServer server;
  Client& client = Connect(server.options());
  LimitCalls calls(client, "test:");
  EXPECT_TRUE(Take(calls, kTenPerHour, "key", 10)->taken.allowed);
  EXPECT_FALSE(Take(calls, kTenPerHour, "key")->taken.allowed);
  server.Kill();
  EXPECT_TRUE(Becomes(client, false));
  EXPECT_TRUE(absl::IsUnavailable(Take(calls, kTenPerHour, "key").status()));
  server.Start();
  EXPECT_TRUE(Becomes(client, true));
  StatusOr<TakenThere> again = Take(calls, kTenPerHour, "key");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->taken.remaining, 9u);
}

TEST_F(LimitCall, AKeyLivesUntilItIsAsGoodAsNewAndNoLonger) {
  RedisServer server;
  Client& client = Connect(server.options());
  LimitCalls calls(client, "test:");
  EXPECT_TRUE(Take(calls, kTenPerHour, "key", 0).ok());
  EXPECT_TRUE(Take(calls, kTenPerHour, "key", 11).ok());
  EXPECT_EQ(Ask(client, {"DBSIZE"}), "0");
  EXPECT_TRUE(Take(calls, kTenPerHour, "key").ok());
  std::int64_t left = std::stoll(Ask(client, {"PTTL", calls.KeyOf("rule", "key")}));
  EXPECT_GT(left, milliseconds(minutes(5)).count());
  EXPECT_LE(left, milliseconds(minutes(6)).count() + 2);
  LimitRule brief{.algorithm = Algorithm::kTokenBucket, .requests = 1, .per = milliseconds(1)};
  EXPECT_TRUE(Take(calls, brief, "brief").ok());
  std::string gone;
  for (int tries = 0; tries < 2000 && gone != "0"; ++tries)
    gone = Ask(client, {"EXISTS", calls.KeyOf("rule", "brief")});
  EXPECT_EQ(gone, "0");
}

TEST_F(LimitCall, NoBytesOfAClientReachAnotherKeyOrCommand) {
  RedisServer server;
  Client& client = Connect(server.options());
  LimitCalls calls(client, "test:");
  EXPECT_EQ(Ask(client, {"SET", "precious", "1"}), "OK");
  const std::vector<std::string> keys = {"",
                                         "*",
                                         ":",
                                         "a:b",
                                         "a",
                                         "rule:a",
                                         "\r\nFLUSHALL\r\n",
                                         "EVAL",
                                         "%2A",
                                         "a\r\n",
                                         "\n",
                                         std::string(1, '\0'),
                                         std::string(2, '\0'),
                                         "{hash}a",
                                         "\xff\xfe",
                                         std::string(100'000, 'k'),
                                         std::string(100'001, 'k')};
  std::set<std::string> names;
  for (const std::string& key : keys) {
    names.insert(calls.KeyOf("rule", key));
    StatusOr<TakenThere> first = Take(calls, kTenPerHour, key);
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_EQ(first->taken.remaining, 9u) << key.substr(0, 20);
  }
  EXPECT_EQ(names.size(), keys.size());
  EXPECT_EQ(Ask(client, {"DBSIZE"}), std::to_string(keys.size() + 1));
  EXPECT_EQ(Ask(client, {"GET", "precious"}), "1");
}

TEST_F(LimitCall, NamesAreWrittenSoThatNoTwoRulesShareAKey) {
  RedisServer server;
  LimitCalls calls(Connect(server.options()), "penstock:limit:");
  // SHA-256 of "abc" begins with these.
  EXPECT_EQ(calls.KeyOf("shop/orders-1_a.b", "abc"),
            "penstock:limit:shop/orders-1_a.b:ba7816bf8f01cfea414140de5dae2223");
  EXPECT_EQ(calls.KeyOf("a:b*\r\n%\xff{}", "abc"),
            "penstock:limit:a%3Ab%2A%0D%0A%25%FF%7B%7D:ba7816bf8f01cfea414140de5dae2223");
  EXPECT_NE(calls.KeyOf("a:", "b"), calls.KeyOf("a", ":b"));
  EXPECT_NE(calls.KeyOf("a%3A", "b"), calls.KeyOf("a:", "b"));
}

TEST_F(LimitCall, SaysWhatTheServerRefusedAndGoesOn) {
  RedisServer server;
  Client& client = Connect(server.options());
  LimitCalls calls(client, "test:");
  EXPECT_EQ(Ask(client, {"LPUSH", calls.KeyOf("rule", "key"), "x"}), "1");
  Status refused = Take(calls, kTenPerHour, "key").status();
  EXPECT_TRUE(absl::IsUnavailable(refused));
  EXPECT_NE(refused.ToString().find("refused with "), std::string::npos) << refused;
  EXPECT_TRUE(client.up());
  EXPECT_EQ(Ask(client, {"SET", calls.KeyOf("rule", "other"), "not a state"}), "OK");
  EXPECT_EQ(Take(calls, kTenPerHour, "other")->taken.remaining, 9u);
}

TEST_F(LimitCall, DistrustsAServerThatAnswersWithSomethingElse) {
  for (const char* answer : {"+OK\r\n", "*0\r\n", ":1\r\n", "*6\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n"}) {
    FakeServer server(*reactor_, "+PONG\r\n", answer);
    Client& client = Connect(server.options());
    LimitCalls calls(client, "test:");
    EXPECT_TRUE(absl::IsUnavailable(Take(calls, kTenPerHour, "key").status())) << answer;
    EXPECT_FALSE(client.up()) << answer;
    reactor_->BlockOn(client.Stop());
  }
}

TEST(ReadTaken, TakesOnlyWhatTheScriptCanHaveSaid) {
  auto read = [](std::vector<std::int64_t> numbers) {
    Reply reply{.kind = Reply::Kind::kArray};
    for (std::int64_t number : numbers) reply.items.push_back({.kind = Reply::Kind::kInteger, .integer = number});
    LimitRule rule{.algorithm = Algorithm::kLeakyBucket, .requests = 1, .per = seconds(1), .max_delay = seconds(1)};
    return ReadTaken(reply, rule);
  };
  EXPECT_TRUE(read({1, 0, 1, 0, 1'000'000, 1}).ok());
  EXPECT_EQ(read({0, 5, 1, -1, 0, 1})->taken.retry_after, limits::kNever);
  const std::vector<std::vector<std::int64_t>> wrong = {
      {},
      {1, 0, 1, 0, 0},
      {1, 0, 1, 0, 0, 1, 1},
      {2, 0, 1, 0, 0, 1},
      {-1, 0, 1, 0, 0, 1},
      {1, -1, 1, 0, 0, 1},
      {1, 0, -1, 0, 0, 1},
      {1, 0, 1, 1, 0, 1},   // allowed, and again later
      {1, 0, 1, -1, 0, 1},  // allowed, and never
      {0, 0, 1, 0, 0, 1},   // refused, and again now
      {0, 0, 1, -2, 0, 1},
      {1, 0, 1, 0, -1, 1},
      {1, 0, 1, 0, 1'000'001, 1},  // longer than the rule has it
      {1, 0, 1, 0, 0, -1},
      {1, 0, (std::int64_t{1} << 53) + 1, 0, 0, 1},
  };
  for (const std::vector<std::int64_t>& numbers : wrong) EXPECT_FALSE(read(numbers).ok());
  EXPECT_FALSE(ReadTaken({.kind = Reply::Kind::kStatus, .text = "OK"}, kTenPerHour).ok());
}

}  // namespace
}  // namespace penstock::redis
