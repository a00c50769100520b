// How many at a time: that every place that is taken is given back, exactly once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "dataplane/base/random.h"
#include "dataplane/base/strings.h"
#include "dataplane/limits/concurrency_table.h"
#include "dataplane/policies/condition/testing.h"
#include "dataplane/policies/rate_limit/rate_limit_policy.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

struct NoSecrets final : SecretSource {
  StatusOr<std::string> Read(std::string_view, std::string_view) const override {
    return absl::NotFoundError("no Secrets here");
  }
};

// A request on its way, which holds on to the policy that it began with, as live traffic does.
struct Running {
  TestRequest request;
  std::unique_ptr<TestExchange> x;
  std::shared_ptr<const Policy> policy;
  bool refused = false;
  void End() {
    if (policy != nullptr) policy->OnEnd(**x, Outcome{});
    policy = nullptr;
  }
};

class ConcurrencyTest : public ::testing::Test {
 protected:
  void Configure(const std::string& text) {
    xds::v1::RateLimit message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString("policy: 'shop/limits' " + text, &message));
    auto compiled = RateLimitConfig::Compile(message);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    config = *compiled;
    auto made = RateLimitPolicy::Make(config, Material{secrets, runtime});
    ASSERT_TRUE(made.ok()) << made.status();
    policy = *made;
  }

  Running& Begin(const TestRequest& request) {
    Running& running = *all.emplace_back(std::make_unique<Running>());
    running.request = request;
    running.x = std::make_unique<TestExchange>(running.request);
    (*running.x)->time.head_received = TimePoint(std::chrono::seconds(1000));
    running.policy = policy;
    Verdict verdict = RunReady(policy->OnRequest(**running.x));
    running.refused = verdict.is_reply();
    if (running.refused) EXPECT_EQ(verdict.reason(), Reason::kRateLimited);
    RunReady(policy->OnResponse(**running.x));
    return running;
  }
  std::string Field(const Running& running, const char* name) {
    return std::string((*running.x)->response.headers.Get(name));
  }
  uint64_t InProgress() {
    return runtime.Get<limits::ConcurrencyTable>("rate_limit/in_progress", [] { return nullptr; })->running();
  }

  NoSecrets secrets;
  Runtime runtime;
  std::shared_ptr<const RateLimitConfig> config;
  std::shared_ptr<const Policy> policy;
  std::vector<std::unique_ptr<Running>> all;
};

constexpr char kTwoEach[] = "rules { name: 'two' key { client_address: true } concurrency: 2 }";

TEST_F(ConcurrencyTest, LetsInTheNextOneWhenOneHasEnded) {
  Configure(kTwoEach);
  Running& first = Begin({});
  EXPECT_FALSE(first.refused);
  EXPECT_FALSE(Begin({}).refused);
  EXPECT_TRUE(Begin({}).refused);
  EXPECT_FALSE(Begin({.client = "192.0.2.2"}).refused);
  first.End();
  EXPECT_FALSE(Begin({}).refused);
  EXPECT_TRUE(Begin({}).refused);
}

TEST_F(ConcurrencyTest, TellsHowManyAreLeftAndAsksForASecondsPatience) {
  Configure(kTwoEach);
  Running& first = Begin({});
  EXPECT_EQ(Field(first, "ratelimit-policy"), R"("two";q=2;qu="concurrent-requests")");
  EXPECT_EQ(Field(first, "ratelimit"), R"("two";r=1)");
  Begin({});
  Running& refused = Begin({});
  EXPECT_EQ(Field(refused, "ratelimit"), R"("two";r=0)");
  EXPECT_EQ(Field(refused, "retry-after"), "1");
  EXPECT_EQ((*refused.x)->detail, R"(limit "two" of shop/limits: too many at a time)");
}

// The end of what was refused gives nothing back that it does not have.
TEST_F(ConcurrencyTest, GivesNothingBackForWhatWasRefused) {
  Configure(kTwoEach);
  Begin({});
  Begin({});
  Begin({}).End();
  EXPECT_TRUE(Begin({}).refused);
  EXPECT_EQ(InProgress(), 2u);
}

TEST_F(ConcurrencyTest, CountsNobodyWhomALaterRuleRefuses) {
  Configure(R"(rules { name: 'all' concurrency: 10 also: true }
               rules { name: 'each' key { client_address: true } concurrency: 1 })");
  Begin({});
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Begin({}).refused);
  EXPECT_EQ(InProgress(), 2u) << "one request, at two rules";
  EXPECT_FALSE(Begin({.client = "192.0.2.2"}).refused);
}

TEST_F(ConcurrencyTest, StandsBesideLimitsPerTime) {
  Configure(R"(rules { name: 'few' concurrency: 1 also: true }
               rules { name: 'often' requests: 2 per { seconds: 60 } algorithm: FIXED_WINDOW })");
  for (bool refused : {false, false, true, true}) {
    Running& running = Begin({});
    EXPECT_EQ(running.refused, refused);
    running.End();
  }
  EXPECT_EQ(InProgress(), 0u);
}

TEST_F(ConcurrencyTest, RefusesNothingInItsShadow) {
  Configure("rules { name: 'two' concurrency: 2 shadow: true }");
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(Begin({}).refused);
  EXPECT_EQ(InProgress(), 2u);
  for (auto& running : all) running->End();
  EXPECT_EQ(InProgress(), 0u);
}

TEST_F(ConcurrencyTest, LetsARequestOfAnOldGenerationLeaveWhereItCameIn) {
  Configure(kTwoEach);
  Running& old = Begin({});
  Begin({});
  Configure(std::string(kTwoEach) + " hide_headers: true");
  EXPECT_TRUE(Begin({}).refused);
  old.End();
  EXPECT_FALSE(Begin({}).refused);
  EXPECT_TRUE(Begin({}).refused);
}

TEST_F(ConcurrencyTest, CountsThoseWhoAreInWhenTheBoundChanges) {
  Configure("rules { name: 'some' concurrency: 5 }");
  for (int i = 0; i < 5; ++i) Begin({});
  Configure("rules { name: 'some' concurrency: 3 }");
  all[0]->End();
  all[1]->End();
  EXPECT_TRUE(Begin({}).refused) << "three of the old generation are still in progress";
  all[2]->End();
  EXPECT_FALSE(Begin({}).refused);
}

// One `sub` of two issuers is two users.
TEST_F(ConcurrencyTest, CountsTheUsersOfEachIssuer) {
  Configure("rules { name: 'one' key { claim: 'sub' } concurrency: 1 }");
  auto refused = [&](std::string_view issuer) {
    TestRequest request{.claims = R"({"sub":"a"})"};
    TestExchange x(request);
    x->identity.issuer = issuer;
    return RunReady(policy->OnRequest(*x)).is_reply();
  };
  EXPECT_FALSE(refused("https://one.example"));
  EXPECT_FALSE(refused("https://two.example"));
  EXPECT_TRUE(refused("https://one.example"));
}

TEST_F(ConcurrencyTest, IsNeverAboveTheBoundAndLosesNobodyWhateverComesAndGoes) {
  constexpr char kRules[] = R"(rules { name: 'posts' condition { methods: 'POST' } concurrency: 3 also: true }
                               rules { name: 'each' key { client_address: true } concurrency: 2 })";
  Configure(kRules);
  Random random(1);
  int in = 0;
  for (int i = 0; i < 5'000; ++i) {
    if (random.Below(20) == 0) Configure(kRules);
    if (all.empty() || random.Below(2) == 0) {
      Running& running =
          Begin({.method = random.Below(2) == 0 ? "POST" : "GET", .client = StrCat("192.0.2.", random.Below(4) + 1)});
      if (running.refused) {
        running.End();
        all.pop_back();
      }
    } else {
      std::swap(all[random.Below(all.size())], all.back());
      all.back()->End();
      all.pop_back();
    }
    size_t posts = 0;
    for (const auto& running : all) posts += running->request.method == "POST" ? 1 : 0;
    ASSERT_LE(posts, 3u);
    ASSERT_LE(all.size(), 4u * 2);
    if (i % 50 == 0) ASSERT_EQ(InProgress(), posts + all.size());
    in += static_cast<int>(all.size());
  }
  EXPECT_GT(in, 5'000) << "or nothing was tried";
}

TEST_F(ConcurrencyTest, TellsExplainHowManyAtATime) {
  Configure("rules { name: 'two' key { client_address: true } concurrency: 2 }");
  EXPECT_EQ(config->Describe(), "two: 2 requests at a time for each client address");
  TestRequest request;
  TestExchange x(request);
  EXPECT_EQ(config->Judge(*x, NoFacts()).why,
            "limit \"two\": 2 requests at a time for each client address; how much of it is used, each data plane "
            "knows: passes, or 429");
}

TEST(ConcurrencyConfig, RefusesWhatCannotBeMeant) {
  for (const char* text : {"concurrency: 1000001", "concurrency: 1 requests: 1", "concurrency: 1 per { seconds: 1 }",
                           "concurrency: 1 cost: 2"}) {
    xds::v1::RateLimit message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(StrCat("rules { name: 'a' ", text, " }"), &message));
    auto compiled = RateLimitConfig::Compile(message);
    ASSERT_FALSE(compiled.ok()) << text;
    EXPECT_THAT(std::string(compiled.status().message()), ::testing::StartsWith("rules[0].concurrency: ")) << text;
  }
}

}  // namespace
}  // namespace penstock::policies
