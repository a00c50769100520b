#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/exchange/attachments.h"
#include "dataplane/exchange/services.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/policies/condition/testing.h"
#include "dataplane/policies/headers/list_members.h"
#include "dataplane/policies/rate_limit/rate_limit_policy.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

using ::testing::HasSubstr;

struct NoSecrets final : SecretSource {
  StatusOr<std::string> Read(std::string_view, std::string_view) const override {
    return absl::NotFoundError("no Secrets here");
  }
};

// What became of one request.
struct Seen {
  bool refused = false;
  std::string retry_after, ratelimit, policy, detail;
};

class RateLimitTest : public ::testing::Test {
 protected:
  void Configure(const std::string& text) {
    xds::v1::RateLimit message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString("policy: 'shop/limits' " + text, &message));
    auto compiled = RateLimitConfig::Compile(message);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    config = *compiled;
    auto made = RateLimitPolicy::Make(config, Material{secrets, runtime});
    ASSERT_TRUE(made.ok()) << made.status();
    // The one before ends only now, as generations do.
    policy = *made;
  }

  Seen Ask(const TestRequest& request) {
    TestExchange x(request);
    x->time.head_received = TimePoint(std::chrono::seconds(1000) + now);
    Verdict verdict = RunReady(policy->OnRequest(*x));
    RunReady(policy->OnResponse(*x));
    policy->OnEnd(*x, Outcome{});
    if (verdict.is_reply()) EXPECT_EQ(verdict.reason(), Reason::kRateLimited);
    auto get = [&](const char* name) { return std::string(x->response.headers.Get(name)); };
    return {verdict.is_reply(), get("retry-after"), get("ratelimit"), get("ratelimit-policy"), std::string(x->detail)};
  }
  int Passing(const TestRequest& request, int count) {
    int passed = 0;
    for (int i = 0; i < count; ++i) passed += Ask(request).refused ? 0 : 1;
    return passed;
  }

  NoSecrets secrets;
  Runtime runtime;
  std::shared_ptr<const RateLimitConfig> config;
  std::shared_ptr<const Policy> policy;
  Duration now{};
};

constexpr char kTiers[] = R"(
  rules { name: 'gold' condition { claims { name: 'tier' values: 'gold' } } key { claim: 'sub' }
          algorithm: FIXED_WINDOW requests: 5 per { seconds: 60 } }
  rules { name: 'others' key { claim: 'sub' } algorithm: FIXED_WINDOW requests: 2 per { seconds: 60 } })";

TEST_F(RateLimitTest, GivesEachUserWhatHisTierSays) {
  Configure(kTiers);
  EXPECT_EQ(Passing({.claims = R"({"sub":"a","tier":"gold"})"}, 10), 5);
  EXPECT_EQ(Passing({.claims = R"({"sub":"b","tier":"gold"})"}, 10), 5);
  EXPECT_EQ(Passing({.claims = R"({"sub":"c","tier":"silver"})"}, 10), 2);
}

TEST_F(RateLimitTest, CountsWhoHasNoTokenByAddress) {
  Configure(kTiers);
  EXPECT_EQ(Passing({.client = "192.0.2.1"}, 10), 2);
  EXPECT_EQ(Passing({.client = "192.0.2.2"}, 10), 2);
}

// A client has a whole /64.
TEST_F(RateLimitTest, CountsASiteOfIpv6Once) {
  Configure(kTiers);
  EXPECT_EQ(Passing({.client = "2001:db8::1"}, 1), 1);
  EXPECT_EQ(Passing({.client = "2001:db8::2"}, 10), 1);
  EXPECT_EQ(Passing({.client = "2001:db8:0:1::2"}, 10), 2);
}

TEST_F(RateLimitTest, TellsWhatIsLeftAndWhenToComeBack) {
  Configure(kTiers);
  now = std::chrono::milliseconds(20'500);
  TestRequest request{.claims = R"({"sub":"c"})"};
  Seen first = Ask(request);
  EXPECT_EQ(first.policy, R"("others";q=2;w=60)");
  EXPECT_EQ(first.ratelimit, R"("others";r=1;t=60)");
  EXPECT_EQ(first.retry_after, "");
  Ask(request);
  Seen refused = Ask(request);
  EXPECT_TRUE(refused.refused);
  EXPECT_EQ(refused.retry_after, "60");
  EXPECT_EQ(refused.ratelimit, R"("others";r=0;t=60)");
  EXPECT_EQ(refused.detail, R"(limit "others" of shop/limits)");
  now += std::chrono::seconds(60);
  EXPECT_FALSE(Ask(request).refused);
}

TEST_F(RateLimitTest, SaysNothingIfItShallNot) {
  Configure("hide_headers: true rules { name: 'a' requests: 1 per { seconds: 1 } }");
  EXPECT_EQ(Ask({}).ratelimit, "");
}

TEST_F(RateLimitTest, LeavesAloneWhatNoRuleIsFor) {
  Configure("rules { name: 'a' condition { methods: 'POST' } requests: 1 per { seconds: 60 } }");
  EXPECT_EQ(Passing({.method = "GET"}, 10), 10);
  EXPECT_EQ(Passing({.method = "POST"}, 10), 1);
}

TEST_F(RateLimitTest, LooksAtLaterRulesIfOneSaysSo) {
  Configure(R"(rules { name: 'all' requests: 3 per { seconds: 60 } algorithm: FIXED_WINDOW also: true }
               rules { name: 'each' key { client_address: true } requests: 2 per { seconds: 60 } algorithm: FIXED_WINDOW })");
  EXPECT_EQ(Passing({.client = "192.0.2.1"}, 2), 2);
  Seen strict = Ask({.client = "192.0.2.1"});
  EXPECT_TRUE(strict.refused);
  EXPECT_EQ(strict.detail, R"(limit "each" of shop/limits)");
  EXPECT_EQ(Passing({.client = "192.0.2.2"}, 5), 0);
}

TEST_F(RateLimitTest, KeepsNoRuleFromCountingByItsShadow) {
  Configure(R"(rules { name: 'trial' requests: 1 per { seconds: 60 } shadow: true }
               rules { name: 'real' requests: 3 per { seconds: 60 } algorithm: FIXED_WINDOW })");
  EXPECT_EQ(Passing({}, 10), 3);
  Seen refused = Ask({});
  EXPECT_TRUE(refused.refused);
  EXPECT_EQ(refused.ratelimit.substr(0, 10), R"("real";r=0)") << "clients are told of the rule that is for them";
}

TEST_F(RateLimitTest, RefusesAServerThatCannotBeMeant) {
  for (std::string address : {"redis", ":6379", "127.0.0.1:99999", "unix:", "redis://x:1", "a b:1", "127.0.0.1:0"}) {
    xds::v1::RateLimit message;
    std::string text = "rules { name: 'a' requests: 1 per { seconds: 60 } } redis { address: '" + address + "' }";
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
    EXPECT_FALSE(RateLimitConfig::Compile(message).ok()) << address;
    message.mutable_redis()->set_address("redis.example:6379");
    EXPECT_TRUE(RateLimitConfig::Compile(message).ok()) << RateLimitConfig::Compile(message).status();
  }
}

TEST_F(RateLimitTest, RefusesNothingInItsShadow) {
  Configure("rules { name: 'a' requests: 1 per { seconds: 60 } shadow: true }");
  EXPECT_EQ(Passing({}, 10), 10);
  EXPECT_EQ(Ask({}).ratelimit, "");
}

TEST_F(RateLimitTest, CountsACostMoreThanOnce) {
  Configure("rules { name: 'a' requests: 10 per { seconds: 60 } cost: 4 algorithm: FIXED_WINDOW }");
  EXPECT_EQ(Passing({}, 10), 2);
  Configure("rules { name: 'b' requests: 3 per { seconds: 60 } cost: 4 }");
  Seen never = Ask({});
  EXPECT_TRUE(never.refused);
  EXPECT_EQ(never.retry_after, "");
}

TEST_F(RateLimitTest, KeepsItsCountersOverGenerations) {
  Configure(kTiers);
  TestRequest request{.claims = R"({"sub":"c"})"};
  EXPECT_EQ(Passing(request, 2), 2);
  Configure(std::string(kTiers) + " hide_headers: true");
  EXPECT_EQ(Passing(request, 2), 0);
}

TEST_F(RateLimitTest, BeginsAnewWhereARuleMeansSomethingElse) {
  Configure(kTiers);
  TestRequest request{.claims = R"({"sub":"c"})"};
  EXPECT_EQ(Passing(request, 5), 2);
  Configure("rules { name: 'others' key { claim: 'sub' } algorithm: FIXED_WINDOW requests: 3 per { seconds: 60 } }");
  EXPECT_EQ(Passing(request, 5), 3);
}

// One bucket, however the path is written: what is counted is the canonical path.
TEST_F(RateLimitTest, CombinesTheParts) {
  Configure("rules { name: 'a' key { client_address: true } key { path: true } requests: 1 per { seconds: 60 } }");
  EXPECT_EQ(Passing({.path = "/a", .client = "192.0.2.1"}, 5), 1);
  EXPECT_EQ(Passing({.path = "/b", .client = "192.0.2.1"}, 5), 1);
  EXPECT_EQ(Passing({.path = "/a", .client = "192.0.2.2"}, 5), 1);
}

TEST_F(RateLimitTest, CountsAHeaderThatComesTwiceByAllItsValues) {
  Configure("rules { name: 'a' key { header: 'x-tenant' } requests: 1 per { seconds: 60 } algorithm: FIXED_WINDOW }");
  EXPECT_EQ(Passing({.fields = {{"x-tenant", "a"}}}, 5), 1);
  EXPECT_EQ(Passing({.fields = {{"x-tenant", "a"}, {"x-other", "b"}}}, 5), 0);
  EXPECT_EQ(Passing({.fields = {{"x-tenant", "a"}, {"x-tenant", "b"}}}, 5), 1);
  EXPECT_EQ(Passing({.fields = {{"x-tenant", "a, b"}}}, 5), 0) << "one list in two spellings";
  EXPECT_EQ(Passing({.fields = {{"x-tenant", "a,b,"}}}, 5), 0);
  EXPECT_EQ(Passing({.fields = {{"x-tenant", ""}, {"x-tenant", ","}}, .client = "192.0.2.7"}, 5), 1) << "as without";
  EXPECT_EQ(Passing({.client = "192.0.2.7"}, 5), 0);
}

TEST_F(RateLimitTest, HasOneCounterForHeadersOfTooManyMembers) {
  Configure("rules { name: 'a' key { header: 'x-tenant' } requests: 1 per { seconds: 60 } algorithm: FIXED_WINDOW }");
  std::string members;
  for (size_t i = 0; i <= kMaxMembers; ++i) members += ",a";
  EXPECT_EQ(Passing({.fields = {{"x-tenant", members}}}, 5), 1);
  EXPECT_EQ(Passing({.fields = {{"x-tenant", members}, {"x-tenant", "b"}}}, 5), 0);
  EXPECT_EQ(Passing({.fields = {{"x-tenant", std::string(members.size(), ',') + "c"}}}, 5), 0);
}

TEST_F(RateLimitTest, CountsAPathAndAMethodHoweverTheyAreSpelled) {
  Configure(
      "rules { name: 'a' key { path: true } key { method: true } requests: 1 per { seconds: 60 }"
      " algorithm: FIXED_WINDOW }");
  EXPECT_EQ(Passing({.path = "/a:b"}, 5), 1);
  EXPECT_EQ(Passing({.path = "/a%3Ab"}, 5), 0);
  EXPECT_EQ(Passing({.method = "get", .path = "/a%3Ab"}, 5), 0);
  EXPECT_EQ(Passing({.path = "/a%20b"}, 5), 1);
}

// A token's claim of four bytes is not an address.
TEST_F(RateLimitTest, TakesNoClaimForAnAddress) {
  Configure("rules { name: 'a' key { claim: 'sub' } requests: 1 per { seconds: 60 } algorithm: FIXED_WINDOW }");
  EXPECT_EQ(Passing({.client = "65.66.67.68"}, 5), 1);
  EXPECT_EQ(Passing({.claims = R"({"sub":"ABCD"})"}, 5), 1);
}

TEST_F(RateLimitTest, TellsExplainWhichLimitsAreFor) {
  Configure(kTiers);
  TestExchange x({.claims = R"({"sub":"a","tier":"gold"})"});
  Judgement judgement = config->Judge(*x, NoFacts());
  EXPECT_EQ(judgement.outcome, Judgement::Outcome::kUnknown);
  EXPECT_EQ(
      judgement.why,
      "limit \"gold\": 5 requests per 60s (fixed window) for each claim sub; how much of it is used, each data plane "
      "knows: passes, or 429");
}

// A Redis that nobody finds.
class RateLimitWithoutRedis : public RateLimitTest {
 protected:
  ~RateLimitWithoutRedis() override {
    policy = nullptr;
    runtime.Sweep();
    reactor->BlockOn(attachments.Sweep(/*all=*/true));
  }

  Seen Ask(const char* on_failure, bool shadow = false) {
    Configure(StrCat("rules { name: 'all' requests: 2 per { seconds: 60 } shadow: ", shadow ? "true" : "false",
                     " } redis { address: 'unix:/nobody/is/here' on_failure: ", on_failure, " }"));
    TestRequest request;
    TestExchange x(request);
    x->services = &services;
    Verdict verdict = reactor->BlockOn(policy->OnRequest(*x));
    reactor->BlockOn(policy->OnResponse(*x));
    policy->OnEnd(*x, Outcome{});
    if (verdict.is_reply()) EXPECT_EQ(verdict.reason(), Reason::kPolicyUnavailable);
    auto get = [&](const char* name) { return std::string(x->response.headers.Get(name)); };
    return {verdict.is_reply(), get("retry-after"), get("ratelimit"), get("ratelimit-policy"), std::string(x->detail)};
  }

  std::unique_ptr<io::Reactor> reactor = *io::Reactor::Create();
  Attachments attachments;
  Services services{.reactor = reactor.get(), .attachments = &attachments};
};

TEST_F(RateLimitWithoutRedis, SaysNothingOfALimitThatNobodyCounts) {
  Seen seen = Ask("OPEN");
  EXPECT_FALSE(seen.refused);
  EXPECT_EQ(seen.ratelimit, "");
  EXPECT_EQ(seen.policy, "");
}

TEST_F(RateLimitWithoutRedis, CountsHereAndSaysSoIfItShall) {
  EXPECT_THAT(Ask("LOCAL").ratelimit, HasSubstr("\"all\";r=1;"));
}

TEST_F(RateLimitWithoutRedis, RefusesUnlessItIsAShadow) {
  EXPECT_TRUE(Ask("CLOSED").refused);
  EXPECT_FALSE(Ask("CLOSED", /*shadow=*/true).refused);
}

TEST(RateLimitConfig, RefusesWhatCannotBeMeant) {
  struct Case {
    const char* text;
    const char* problem;
  };
  const Case cases[] = {
      {"", "rules: at least one"},
      {"rules { requests: 1 per { seconds: 1 } }", "rules[0].name"},
      {"rules { name: 'a b' requests: 1 per { seconds: 1 } }", "rules[0].name"},
      {"rules { name: 'a' per { seconds: 1 } }", "rules[0]: requests"},
      {"rules { name: 'a' requests: 1 }", "rules[0]: per"},
      {"rules { name: 'a' requests: 1 per { seconds: 1 } key { } }", "rules[0].key[0]"},
      {"rules { name: 'a' requests: 1 per { seconds: 1 } key { header: 'a b' } }", "rules[0].key[0].header"},
      {"rules { name: 'a' requests: 1 per { seconds: 1 } } redis { }", "redis.address"},
  };
  for (const Case& c : cases) {
    xds::v1::RateLimit message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(c.text, &message));
    auto compiled = RateLimitConfig::Compile(message);
    ASSERT_FALSE(compiled.ok()) << c.text;
    EXPECT_THAT(std::string(compiled.status().message()), HasSubstr(c.problem));
  }
}

}  // namespace
}  // namespace penstock::policies
