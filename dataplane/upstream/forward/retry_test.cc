#include "dataplane/upstream/forward/retry.h"

#include "dataplane/upstream/testing/upstream_fixture.h"

namespace penstock::upstream {
namespace {

using std::chrono::milliseconds;
using Action = ScriptedUpstream::Action;
using Then = ScriptedUpstream::Action::Then;
using Sent = TryResult::Sent;

Tried After1(Sent sent, bool idempotent, bool can_replay = true) {
  return {.result = {Reason::kUpstreamReset, sent}, .tries = 1, .idempotent = idempotent, .can_replay = can_replay};
}

TEST(WantsRetry, FollowsTheTable) {
  snapshot::Retry rule{.attempts = 2, .statuses = {502, 503}};
  struct Case {
    const char* name;
    Tried tried;
    const snapshot::Retry* rule;
    bool wants;
  } cases[] = {
      {"nothing was sent", After1(Sent::kNothing, false), nullptr, true},
      {"nothing was sent, but the content is gone", After1(Sent::kNothing, true, false), nullptr, false},
      {"idle race, idempotent", After1(Sent::kOnIdle, true), nullptr, true},
      {"idle race, POST", After1(Sent::kOnIdle, false), nullptr, false},
      {"idle race, POST, with a rule", After1(Sent::kOnIdle, false), &rule, false},
      {"broken, idempotent, no rule", After1(Sent::kPerhaps, true), nullptr, false},
      {"broken, idempotent, rule", After1(Sent::kPerhaps, true), &rule, true},
      {"broken, POST, rule", After1(Sent::kPerhaps, false), &rule, false},
      {"over", After1(Sent::kDoNotRepeat, true), &rule, false},
      {"status asks", {.result = {}, .status = 503, .idempotent = true}, &rule, true},
      {"status asks, POST", {.result = {}, .status = 503, .idempotent = false}, &rule, false},
      {"status does not ask", {.result = {}, .status = 500, .idempotent = true}, &rule, false},
      {"status, no rule", {.result = {}, .status = 503, .idempotent = true}, nullptr, false},
      {"attempts used up",
       {.result = {Reason::kUpstreamReset, Sent::kPerhaps}, .tries = 3, .idempotent = true},
       &rule,
       false},
      {"safe tries used up",
       {.result = {Reason::kUpstreamReset, Sent::kNothing}, .tries = 3, .idempotent = true},
       nullptr,
       false},
  };
  for (const Case& c : cases) EXPECT_EQ(WantsRetry(c.tried, c.rule), c.wants) << c.name;
}

TEST(Backoff, IsNothingForTheSafeRetryAndGrowsForTheRules) {
  snapshot::Retry rule{.attempts = 9, .statuses = {}, .backoff = milliseconds(100)};
  EXPECT_EQ(Backoff(After1(Sent::kNothing, true), &rule, 1), Duration::zero());
  for (std::uint32_t tries = 1; tries < 5; ++tries) {
    Tried tried = After1(Sent::kPerhaps, true);
    tried.tries = tries;
    Duration full = milliseconds(100) * (1 << (tries - 1));
    EXPECT_LE(Backoff(tried, &rule, tries), full);
    EXPECT_GE(Backoff(tried, &rule, tries), full / 2);
  }
}

class RetryTest : public UpstreamTest {
 protected:
  static Action CloseSecond(int, int request) {
    return request == 0 ? ScriptedUpstream::Reply("first") : Action{.bytes = "", .then = Then::kClose};
  }
};

TEST_F(RetryTest, ARefusedConnectGoesToAnotherEndpointWhateverTheMethod) {
  ScriptedUpstream& dead = Serve([](int, int) { return ScriptedUpstream::Reply("dead"); });
  dead.StopListening();
  ScriptedUpstream& alive = Serve([](int, int) { return ScriptedUpstream::Reply("alive"); });
  Cluster& cluster = Use({&dead, &alive});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Send(cluster, http::Method::kPost).content, "alive");
  // The dead one is left alone after the first failure.
  EXPECT_LE(Cells().connection_failures.Read(), 1u);
}

TEST_F(RetryTest, AllRefusedIsSaidAfterEachWasTriedOnce) {
  std::vector<const ScriptedUpstream*> servers;
  for (int i = 0; i < 2; ++i) {
    ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply(""); });
    server.StopListening();
    servers.push_back(&server);
  }
  Result result = Send(Use(servers));
  EXPECT_EQ(result.reason, Reason::kUpstreamConnectFailed);
  EXPECT_EQ(result.tries, 2u);
}

// FAULTS D03: the server closes an idle connection at the moment when it is used again.
TEST_F(RetryTest, ADeadPooledConnectionIsRetriedOnAFreshOne) {
  ScriptedUpstream& server = Serve(CloseSecond);
  Cluster& cluster = Use({&server});
  for (int i = 0; i < 4; ++i) {
    Result result = Send(cluster);
    EXPECT_EQ(result.content, "first");
    EXPECT_EQ(result.tries, i == 0 ? 1u : 2u);
  }
}

TEST_F(RetryTest, APostOnADeadPooledConnectionIsNotSentTwice) {
  ScriptedUpstream& server = Serve(CloseSecond);
  Cluster& cluster = Use({&server});
  EXPECT_EQ(Send(cluster).status, 200);
  Result result = Send(cluster, http::Method::kPost);
  EXPECT_EQ(result.reason, Reason::kUpstreamReset);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(RetryTest, ShortContentIsReplayedAndLongContentIsNot) {
  for (std::size_t size : {std::size_t{30'000}, kReplayBytes + 1}) {
    ScriptedUpstream& server = Serve(CloseSecond);
    Cluster& cluster = Use({&server});
    EXPECT_EQ(Send(cluster).status, 200);
    PiecesBody body({std::string(size / 2, 'a'), std::string(size - size / 2, 'b')});
    Exchange x(&reactor_->blocks());
    Get(x, http::Method::kPut);
    SetBody(x, body, {http::Framing::Kind::kLength, size});
    Result result = Send(x, cluster);
    if (size <= kReplayBytes) {
      EXPECT_EQ(result.content, "first");
      EXPECT_EQ(server.requests()[2].size(), server.requests()[2].find("\r\n\r\n") + 4 + size);
    } else {
      EXPECT_EQ(result.reason, Reason::kUpstreamReset);
    }
  }
}

TEST_F(RetryTest, AConnectionThatTheServerClosedWhileIdleIsNotUsed) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  Cluster& cluster = Use({&server});
  EXPECT_EQ(Send(cluster).tries, 1u);
  server.CloseConnections();
  while (Cells().connections_idle.Read() > 0) reactor_->Turn(Duration::max());
  Result result = Send(cluster, http::Method::kPost);
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.tries, 1u);
}

TEST_F(RetryTest, AFreshConnectionThatBreaksIsOnlyRetriedIfTheRuleAsks) {
  ScriptedUpstream& breaks = Serve([](int, int) { return Action{.bytes = "", .then = Then::kReset}; });
  EXPECT_EQ(Send(Use({&breaks})).reason, Reason::kUpstreamReset);
  EXPECT_EQ(breaks.requests().size(), 1u);
  rule_.retry = snapshot::Retry{.attempts = 2, .statuses = {}, .backoff = milliseconds(1)};
  EXPECT_EQ(Send(Use({&breaks})).reason, Reason::kUpstreamReset);
  EXPECT_EQ(breaks.requests().size(), 4u);
}

TEST_F(RetryTest, StatusesOfTheRuleAreTriedAgain) {
  int calls = 0;
  ScriptedUpstream& server = Serve([&](int, int) {
    return ++calls < 3 ? Action{.bytes = "HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy"}
                       : ScriptedUpstream::Reply("done");
  });
  rule_.retry = snapshot::Retry{.attempts = 3, .statuses = {503}, .backoff = milliseconds(1)};
  Result result = Send(Use({&server}));
  EXPECT_EQ(result.content, "done");
  EXPECT_EQ(result.tries, 3u);
}

TEST_F(RetryTest, APerTryTimeoutGivesAnotherEndpointItsChance) {
  ScriptedUpstream& slow = Serve([](int, int) { return Action{.bytes = "", .then = Then::kStall}; });
  ScriptedUpstream& fast = Serve([](int, int) { return ScriptedUpstream::Reply("fast"); });
  rule_.retry = snapshot::Retry{.attempts = 1, .statuses = {}, .per_try = milliseconds(40), .backoff = milliseconds(1)};
  Cluster& cluster = Use({&slow, &fast});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Send(cluster).content, "fast");
}

TEST(NeedsBudget, IsAskedOfWhatTheServerDidNotLetGoByItself) {
  EXPECT_FALSE(NeedsBudget(After1(Sent::kNothing, false))) << "refused, or never begun";
  EXPECT_FALSE(NeedsBudget(After1(Sent::kOnIdle, true)));
  EXPECT_TRUE(NeedsBudget(After1(Sent::kPerhaps, true)));
  Tried unreachable = After1(Sent::kNothing, false);
  unreachable.connected = false;
  EXPECT_TRUE(NeedsBudget(unreachable));
}

TEST_F(RetryTest, AServerThatEndsIdleConnectionsCostsNoPlaceInTheBudget) {
  config_.upstream.max_retries = 0;
  ScriptedUpstream& server = Serve(CloseSecond);
  Cluster& cluster = Use({&server});
  EXPECT_EQ(Send(cluster).content, "first");
  EXPECT_EQ(Send(cluster).content, "first");
  EXPECT_EQ(Cells().retries_denied.Read(), 0u);
}

TEST_F(RetryTest, TheBudgetBoundsRetries) {
  config_.upstream.max_retries = 0;
  ScriptedUpstream& dead = Serve([](int, int) { return ScriptedUpstream::Reply(""); });
  dead.StopListening();
  ScriptedUpstream& other = Serve([](int, int) { return ScriptedUpstream::Reply(""); });
  other.StopListening();
  EXPECT_EQ(Send(Use({&dead, &other})).tries, 1u);
  EXPECT_EQ(Cells().retries_denied.Read(), 1u);
}

}  // namespace
}  // namespace penstock::upstream
