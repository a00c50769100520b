// The script and limits::Take() are one definition: every answer of a real server is compared with what Take() says of
// the same instants.
#include <algorithm>
#include <string>
#include <vector>

#include "dataplane/base/random.h"
#include "dataplane/base/when.h"
#include "dataplane/limits/arrivals.h"
#include "dataplane/redis/client_fixture.h"
#include "dataplane/redis/limit_calls.h"
#include "gtest/gtest.h"

namespace penstock::redis {
namespace {

using limits::Algorithm;
using limits::LimitRule;
using limits::LimitState;
using limits::Taken;
using std::chrono::microseconds;
using std::chrono::milliseconds;

TimePoint At(std::uint64_t us) { return TimePoint(microseconds(static_cast<std::int64_t>(us))); }

std::string Describe(const Taken& taken) {
  return StrCat(taken.allowed ? "allowed" : "refused", ", remaining ", taken.remaining, ", reset ", taken.reset.count(),
                ", retry after ", taken.retry_after.count(), ", delay ", taken.delay.count());
}

class TakeScript : public RedisClient, public testing::WithParamInterface<Algorithm> {
 protected:
  // What Redis forgets is forgotten here.
  static Taken Replay(const LimitRule& rule, LimitState& state, std::uint64_t instant, std::uint32_t cost) {
    Taken taken = limits::Take(rule, state, At(instant), cost);
    if (taken.reset == Duration::zero()) state = {};
    return taken;
  }

  RedisServer server_;
};

// The server's own time: it passes between two questions, and its reading comes back with the answer.
TEST_P(TakeScript, SaysWhatTakeSaysAtTheServersTime) {
  Client& client = Connect(server_.options());
  LimitCalls calls(client, "test:");
  Random random(7);
  int refused = 0;
  for (int round = 0; round < 40; ++round) {
    LimitRule rule{
        .algorithm = GetParam(), .requests = 1 + random.Below(20), .per = microseconds(1000 + random.Below(9000))};
    if (GetParam() == Algorithm::kTokenBucket) rule.burst = 1 + random.Below(30);
    if (GetParam() == Algorithm::kLeakyBucket) rule.max_delay = microseconds(random.Below(5000));
    const std::string name = StrCat("rule ", round);
    LimitState state;
    for (int i = 0; i < 50; ++i) {
      std::vector<std::uint32_t> costs;
      std::vector<Task<StatusOr<TakenThere>>> questions;
      for (std::uint64_t n = 1 + random.Below(5); n > 0; --n) {
        costs.push_back(static_cast<std::uint32_t>(random.Below(4) == 0 ? random.Below(rule.requests + 2) : 1));
        questions.push_back(calls.Take(rule, name, "key", costs.back(), {}));
      }
      std::vector<StatusOr<TakenThere>> answers = reactor_->BlockOn(WhenAll(std::move(questions)));
      for (std::size_t n = 0; n < answers.size(); ++n) {
        ASSERT_TRUE(answers[n].ok()) << answers[n].status();
        Taken taken = Replay(rule, state, answers[n]->instant, costs[n]);
        ASSERT_EQ(answers[n]->taken, taken) << Describe(answers[n]->taken) << " instead of " << Describe(taken);
        refused += taken.allowed ? 0 : 1;
      }
      if (random.Below(8) == 0) (void)reactor_->BlockOn(reactor_->Sleep(microseconds(random.Below(12'000))));
    }
  }
  EXPECT_GT(refused, 500);
}

// The same script with its clock in the hands of the test, and without expiry, which is in real time.
class TakeScriptInTime : public TakeScript {
 protected:
  struct Arrival {
    std::uint64_t instant;
    std::uint32_t cost;
    Taken taken;
  };

  static std::string Script() {
    std::string script(redis::TakeScript());
    Replace(script, "redis.call('TIME')", "{ARGV[7], ARGV[8]}");
    Replace(script, "'PXAT', gone", "'KEEPTTL'");
    return script;
  }
  static void Replace(std::string& text, const std::string& from, const std::string& to) {
    std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  }

  static std::vector<Arrival> Arrivals(const LimitRule& rule, int count, Random& random) {
    std::vector<Arrival> arrivals;
    LimitState state;
    std::uint64_t now = limits::arrivals::FirstInstant(rule, random);
    for (int i = 0; i < count; ++i) {
      std::uint32_t cost = limits::arrivals::RandomCost(rule, random);
      arrivals.push_back({now, cost, Replay(rule, state, now, cost)});
      now = limits::arrivals::NextInstant(rule, now, arrivals.back().taken, random);
    }
    return arrivals;
  }

  Task<StatusOr<Reply>> Ask(Client& client, const std::string& sha, const std::string& key, const LimitRule& rule,
                            const Arrival& arrival) {
    static constexpr const char* kNames[] = {"fixed_window", "sliding_window", "token_bucket", "leaky_bucket"};
    return Call(client,
                {"EVALSHA", sha, "1", key, kNames[static_cast<int>(rule.algorithm)], std::to_string(rule.requests),
                 std::to_string(rule.per / microseconds(1)), std::to_string(limits::LimitOf(rule)),
                 std::to_string(rule.max_delay / microseconds(1)), std::to_string(arrival.cost),
                 std::to_string(arrival.instant / 1'000'000), std::to_string(arrival.instant % 1'000'000)},
                {});
  }
};

TEST_P(TakeScriptInTime, SaysWhatTakeSaysAtAnyTime) {
  constexpr int kRules = 400;
  constexpr int kArrivalsPerRule = 100;
  Client& client = Connect(server_.options());
  std::string sha = RedisClient::Ask(client, {"SCRIPT", "LOAD", Script()});
  Random random(8 + static_cast<std::uint64_t>(GetParam()));
  for (int i = 0; i < kRules; ++i) {
    LimitRule rule = limits::arrivals::RandomRule(GetParam(), random);
    std::vector<Arrival> arrivals = Arrivals(rule, kArrivalsPerRule, random);
    std::vector<Task<StatusOr<Reply>>> questions;
    for (const Arrival& arrival : arrivals) questions.push_back(Ask(client, sha, StrCat("k", i), rule, arrival));
    std::vector<StatusOr<Reply>> replies = reactor_->BlockOn(WhenAll(std::move(questions)));
    for (std::size_t n = 0; n < replies.size(); ++n) {
      ASSERT_TRUE(replies[n].ok()) << replies[n].status();
      StatusOr<TakenThere> there = ReadTaken(*replies[n], rule);
      ASSERT_TRUE(there.ok()) << Show(replies[n]);
      ASSERT_EQ(there->instant, arrivals[n].instant);
      ASSERT_EQ(there->taken, arrivals[n].taken)
          << Describe(there->taken) << " instead of " << Describe(arrivals[n].taken) << ": " << rule.requests << " per "
          << rule.per / microseconds(1) << " us, burst " << rule.burst << ", delay " << rule.max_delay / microseconds(1)
          << ", cost " << arrivals[n].cost << ", arrival " << n;
    }
  }
}

constexpr Algorithm kAlgorithms[] = {Algorithm::kFixedWindow, Algorithm::kSlidingWindow, Algorithm::kTokenBucket,
                                     Algorithm::kLeakyBucket};
INSTANTIATE_TEST_SUITE_P(Algorithms, TakeScript, testing::ValuesIn(kAlgorithms));
INSTANTIATE_TEST_SUITE_P(Algorithms, TakeScriptInTime, testing::ValuesIn(kAlgorithms));

}  // namespace
}  // namespace penstock::redis
