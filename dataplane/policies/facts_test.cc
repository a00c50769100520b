// What policies tell explain is what they decide by for traffic, and telling it changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "dataplane/jose/testing.h"
#include "dataplane/policies/jwt/jwt_policy.h"
#include "dataplane/policies/rate_limit/rate_limit_policy.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

using jose::testing::SigningKey;
using ::testing::HasSubstr;
using State = AuthResult::State;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr TimePoint kStart{std::chrono::hours(5)};

struct NoSecrets final : SecretSource {
  StatusOr<std::string> Read(std::string_view, std::string_view) const override {
    return absl::NotFoundError("there are none");
  }
};

struct Told final : Facts {
  Told(const Policy& policy, Exchange& x) {
    policy.TellFacts(x, kStart,
                     [this](std::string_view name, std::string_view value) { facts[std::string(name)] = value; });
  }
  std::optional<std::string_view> Find(std::string_view name) const override {
    auto found = facts.find(std::string(name));
    if (found == facts.end()) return std::nullopt;
    return found->second;
  }
  std::map<std::string, std::string> facts;
};

class FactsTest : public ::testing::Test {
 protected:
  template <typename Config, typename Run, typename Message>
  void Make(const std::string& text) {
    Message message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
    auto compiled = Config::Compile(message);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    auto made = Run::Make(*compiled, Material{secrets, runtime});
    ASSERT_TRUE(made.ok()) << made.status();
    config = *compiled;
    policy = *made;
  }
  void MakeJwt(const std::string& keys) {
    Make<JwtConfig, JwtPolicy, xds::v1::Jwt>("providers { name: 'auth' issuer: 'https://auth' " + keys + " }");
  }
  std::string Jwks() { return "inline_jwks: '" + jose::testing::JwksOf({key.Jwk()}) + "'"; }

  void Begin(const std::string& token = "") {
    x.Clear();
    x.Begin(cancellation);
    x.time.wall = kNow;
    x.time.started = x.time.head_received = kStart;
    if (!token.empty()) x.request.headers.Add("authorization", x.arena.Copy("Bearer " + token));
  }
  // What explain says of TOKEN here.
  State Judge(const std::string& token) {
    Begin(token);
    Told told(*policy, x);
    why = config->Judge(x, told).why;
    return x.identity.of(AuthMethod::kJwt).state;
  }
  // What becomes of it.
  State Run(const std::string& token) {
    Begin(token);
    EXPECT_FALSE(RunReady(policy->OnRequest(x)).is_reply());
    return x.identity.of(AuthMethod::kJwt).state;
  }

  static std::string Token(const SigningKey& by) {
    return by.Token(jose::Algorithm::kEdDsa, R"({"iss":"https://auth","sub":"u1","exp":1800003600})");
  }

  SigningKey key = SigningKey::Ed25519();
  NoSecrets secrets;
  Runtime runtime;
  BlockPool pool;
  Cancellation cancellation;
  Exchange x{&pool};
  PolicyConfigPtr config;
  std::shared_ptr<const Policy> policy;
  std::string why;
};

TEST_F(FactsTest, ATokenIsJudgedByTheKeysThatAreHere) {
  MakeJwt(Jwks());
  std::string good = Token(key);
  std::string forged = good.substr(0, good.size() - 8) + "AAAAAAAA";
  for (const std::string& token :
       {good, forged, Token(SigningKey::Ed25519()), std::string("no.to.ken"), std::string()}) {
    EXPECT_EQ(Judge(token), Run(token)) << why;
  }
  EXPECT_EQ(Judge(good), State::kProven);
  EXPECT_THAT(why, HasSubstr("sub=u1, signature ok"));
  EXPECT_EQ(Judge(forged), State::kInvalid);
  EXPECT_EQ(why, "token of auth counts as none: its signature does not hold");
}

TEST_F(FactsTest, WithoutKeysNobodyCanTellWhetherATokenHolds) {
  MakeJwt("");
  EXPECT_EQ(Judge(Token(key)), State::kUnknown);
  EXPECT_EQ(Run(Token(key)), State::kUnknown);
  EXPECT_EQ(why, "token of auth: nobody can tell whether it holds: the keys of auth are away: there are no keys");
}

class LimitFactsTest : public FactsTest {
 protected:
  void Configure(const std::string& more) {
    Make<RateLimitConfig, RateLimitPolicy, xds::v1::RateLimit>(
        "policy: 'shop/limits' rules { name: 'all' key { client_address: true } requests: 3 per { seconds: 60 } "
        "algorithm: FIXED_WINDOW " +
        more + " }");
  }
  Judgement Judge(const char* client) {
    Begin();
    x.client.address = *IpAddress::Parse(client);
    Told told(*policy, x);
    return config->Judge(x, told);
  }
  bool Ask(const char* client) {
    Begin();
    x.client.address = *IpAddress::Parse(client);
    return !RunReady(policy->OnRequest(x)).is_reply();
  }
};

TEST_F(LimitFactsTest, ALimitSaysHowMuchIsLeftAndCountsNothing) {
  Configure("");
  for (int i = 0; i < 5; ++i) EXPECT_THAT(Judge("192.0.2.1").why, HasSubstr(", 3 left"));
  EXPECT_TRUE(Ask("192.0.2.1"));
  EXPECT_THAT(Judge("192.0.2.1").why, HasSubstr(", 2 left"));
  EXPECT_THAT(Judge("192.0.2.2").why, HasSubstr(", 3 left")) << "another client's";
  EXPECT_TRUE(Ask("192.0.2.1"));
  EXPECT_TRUE(Ask("192.0.2.1"));
  Judgement judgement = Judge("192.0.2.1");
  EXPECT_EQ(judgement.outcome, Judgement::Outcome::kDeny);
  EXPECT_EQ(judgement.why, "limit \"all\" is used up");
  EXPECT_FALSE(Ask("192.0.2.1"));
}

TEST_F(LimitFactsTest, AShadowThatIsUsedUpRefusesNothing) {
  Configure("shadow: true");
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Ask("192.0.2.1"));
  Judgement judgement = Judge("192.0.2.1");
  EXPECT_EQ(judgement.outcome, Judgement::Outcome::kPass);
  EXPECT_THAT(judgement.why, HasSubstr(", used up"));
}

TEST_F(LimitFactsTest, AConcurrencySaysHowManyPlacesAreLeftAlsoBesideRedis) {
  Make<RateLimitConfig, RateLimitPolicy, xds::v1::RateLimit>(
      "policy: 'shop/limits' rules { name: 'few' key { client_address: true } concurrency: 2 } "
      "redis { address: '127.0.0.1:1' }");
  for (int i = 0; i < 3; ++i) EXPECT_THAT(Judge("192.0.2.1").why, HasSubstr(", 2 left")) << "asking is not coming in";
  EXPECT_TRUE(Ask("192.0.2.1")) << "and it does not leave";
  EXPECT_THAT(Judge("192.0.2.1").why, HasSubstr(", 1 left"));
  EXPECT_THAT(Judge("192.0.2.2").why, HasSubstr(", 2 left")) << "another client's";
  EXPECT_TRUE(Ask("192.0.2.1"));
  EXPECT_EQ(Judge("192.0.2.1").outcome, Judgement::Outcome::kDeny);
  EXPECT_FALSE(Ask("192.0.2.1"));
}

TEST_F(LimitFactsTest, WhatRedisKnowsIsNotKnownHere) {
  Make<RateLimitConfig, RateLimitPolicy, xds::v1::RateLimit>(
      "policy: 'shop/limits' rules { name: 'all' requests: 3 per { seconds: 60 } } redis { address: '127.0.0.1:1' }");
  EXPECT_EQ(Judge("192.0.2.1").outcome, Judgement::Outcome::kUnknown);
}

}  // namespace
}  // namespace penstock::policies
