#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/jose/testing.h"
#include "dataplane/policies/jwt/jwt_policy.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

using jose::Algorithm;
using jose::testing::SigningKey;
using ::testing::HasSubstr;
using State = AuthResult::State;

constexpr int64_t kNow = 1'800'000'000;

struct Secrets final : SecretSource {
  StatusOr<std::string> Read(std::string_view secret, std::string_view key) const override {
    if (secret == "robots" && key == "jwks") return jwks;
    return absl::NotFoundError("no such Secret");
  }
  std::string jwks;
};

class JwtTest : public ::testing::Test {
 protected:
  // One provider "auth" with KEY, and TEXT more.
  void Configure(const std::string& text) {
    xds::v1::Jwt config;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "providers { name: 'auth' issuer: 'https://auth' audiences: 'shop' " + text + "}", &config));
    if (!config.providers(0).has_secret())
      config.mutable_providers(0)->set_inline_jwks(jose::testing::JwksOf({key.Jwk()}));
    Make(config);
  }
  void Make(const xds::v1::Jwt& message) {
    auto compiled = JwtConfig::Compile(message);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    config = *compiled;
    auto made = JwtPolicy::Make(config, Material{secrets, runtime});
    ASSERT_TRUE(made.ok()) << made.status();
    policy = *made;
  }

  // An exchange with TOKEN, after the policy saw it.
  Exchange& Ask(const std::string& token) {
    Begin();
    if (!token.empty()) x.request.headers.Add("authorization", x.arena.Copy("Bearer " + token));
    Run();
    return x;
  }
  void Begin() {
    x.Clear();
    x.Begin(cancellation);
    x.time.wall = WallTime(std::chrono::seconds(now));
    x.time.started = TimePoint(std::chrono::seconds(monotonic));
  }
  void Run() { EXPECT_FALSE(RunReady(policy->OnRequest(x)).is_reply()); }
  const AuthResult& result() { return x.identity.of(AuthMethod::kJwt); }

  static std::string Claims(const std::string& more = "", int64_t exp = kNow + 3600) {
    return R"({"iss":"https://auth","aud":"shop","sub":"u1","exp":)" + std::to_string(exp) + more + "}";
  }
  std::string Token(const std::string& more = "") { return key.Token(Algorithm::kEdDsa, Claims(more)); }

  SigningKey key = SigningKey::Ed25519();
  Secrets secrets;
  Runtime runtime;
  BlockPool pool;
  Cancellation cancellation;
  Exchange x{&pool};
  int64_t now = kNow;
  int64_t monotonic = 100;
  std::shared_ptr<const JwtConfig> config;
  std::shared_ptr<const Policy> policy;
};

TEST_F(JwtTest, NotesWhoseTokenItIs) {
  Configure("");
  Ask(Token(R"(,"tier":"gold")"));
  EXPECT_EQ(result().state, State::kProven) << result().why;
  EXPECT_EQ(x.identity.subject, "u1");
  EXPECT_EQ(x.identity.issuer, "https://auth");
  EXPECT_EQ(x.identity.provider, "auth");
  EXPECT_EQ(x.identity.claims->root().Find("tier")->text(), "gold");
  EXPECT_EQ(x.request.headers.Count("authorization"), 1u);
}

TEST_F(JwtTest, NotesThatThereIsNone) {
  Configure("");
  Ask("");
  EXPECT_EQ(result().state, State::kMissing);
  EXPECT_EQ(x.identity.claims, nullptr);
}

TEST_F(JwtTest, TakesNothingThatDoesNotHold) {
  Configure("required_claims { name: 'email' }");
  struct Case {
    std::string token;
    const char* why;
  };
  const std::string good = Claims(R"(,"email":"a@b")");
  SigningKey other = SigningKey::Ed25519();
  const Case cases[] = {
      {"abc", ""},
      {key.Token(Algorithm::kEdDsa, Claims()), "required claim"},
      {key.Token(Algorithm::kEdDsa, Claims(R"(,"email":"a")", kNow - 31)), "expired"},
      {key.Token(Algorithm::kEdDsa, Claims(R"(,"email":"a","nbf":1800000031)")), "not valid yet"},
      {key.Token(Algorithm::kEdDsa, R"({"iss":"https://auth","aud":"shop","email":"a"})"), "no exp"},
      {key.Token(Algorithm::kEdDsa, R"({"iss":"https://auth","aud":"other","email":"a","exp":1900000000})"),
       "audience"},
      {key.Token(Algorithm::kEdDsa, R"({"iss":"https://other","aud":"shop","exp":1900000000})"), "issuer"},
      {other.Token(Algorithm::kEdDsa, good), "signature does not hold"},
      {SigningKey::Ec("P-256").Token(Algorithm::kEs256, good), "key that is not known"},
      {SigningKey::Secret(std::string(32, 'k')).Token(Algorithm::kHs256, good), "not signed like that"},
  };
  for (const Case& c : cases) {
    Ask(c.token);
    EXPECT_EQ(result().state, State::kInvalid) << c.why;
    EXPECT_EQ(x.identity.claims, nullptr);
    EXPECT_FALSE(result().why.empty());
    if (!std::string_view(c.why).starts_with("n")) EXPECT_THAT(std::string(result().why), HasSubstr(c.why));
  }
  Ask(key.Token(Algorithm::kEdDsa, good));
  EXPECT_EQ(result().state, State::kProven) << result().why;
}

TEST_F(JwtTest, WritesClaimsIntoFieldsThatNobodyElseWrites) {
  Configure(
      "claim_headers { claim: 'sub' header: 'x-user' } claim_headers { claim: 'roles' header: 'x-roles' } "
      "claim_headers { claim: 'bad' header: 'x-bad' }");
  for (int round = 0; round < 2; ++round) {
    Begin();
    x.request.headers.Add("x-user", "root");
    x.request.headers.Add("x-roles", "root");
    x.request.headers.Add("x-bad", "root");
    std::string token = Token(R"(,"roles":["a","b"],"bad":"line\nend")");
    x.request.headers.Add("authorization", x.arena.Copy("Bearer " + token));
    Run();
    EXPECT_EQ(x.request.headers.Get("x-user"), "u1");
    EXPECT_EQ(x.request.headers.Count("x-user"), 1u);
    EXPECT_EQ(x.request.headers.Get("x-roles"), "a,b");
    EXPECT_FALSE(x.request.headers.Has("x-bad"));
  }
  Begin();
  x.request.headers.Add("x-user", "root");
  Run();
  EXPECT_FALSE(x.request.headers.Has("x-user"));
}

TEST_F(JwtTest, TakesTheTokenAwayFromBackendsIfItShall) {
  Configure("strip_token: true sources { query: 'token' } sources { header: 'authorization' prefix: 'Bearer ' }");
  Ask(Token());
  EXPECT_FALSE(x.request.headers.Has("authorization"));
  Begin();
  x.request.query = x.arena.Copy("a=1&token=" + Token());
  x.request.has_query = true;
  Run();
  EXPECT_EQ(result().state, State::kProven);
  EXPECT_EQ(x.request.query, "a=1");
  EXPECT_EQ(config->SecretQueryParameters(), std::vector<std::string>{"token"}) << "no log shows its value";
}

TEST_F(JwtTest, KeepsFromBackendsWhatDoesNotHoldEither) {
  Configure("strip_token: true sources { query: 'token' } sources { header: 'authorization' prefix: 'Bearer ' }");
  Ask("forged");
  EXPECT_EQ(result().state, State::kInvalid);
  EXPECT_FALSE(x.request.headers.Has("authorization"));
  Begin();
  x.request.query = x.arena.Copy("a=1&token=" + Token());
  x.request.has_query = true;
  x.request.headers.Add("authorization", "Bearer two");
  Run();
  EXPECT_EQ(result().why, "more than one token");
  EXPECT_FALSE(x.request.headers.Has("authorization"));
  EXPECT_EQ(x.request.query, "a=1");
  Begin();
  x.request.headers.Add("authorization", "Basic YTpi");
  Run();
  EXPECT_TRUE(x.request.headers.Has("authorization")) << "it is no token";
}

TEST_F(JwtTest, KeepsNoTokenBeyondItsEnd) {
  Configure("leeway { } cache_ttl { seconds: 1000000 }");
  std::string token = Token();
  EXPECT_EQ((Ask(token), result().state), State::kProven);
  now = kNow + 3599;
  EXPECT_EQ((Ask(token), result().state), State::kProven);
  now = kNow + 3600;
  EXPECT_EQ((Ask(token), result().state), State::kInvalid);
}

TEST_F(JwtTest, LetsGoOfWhatAnotherKeyVerified) {
  key = SigningKey::Secret(std::string(32, 'k'));
  secrets.jwks = jose::testing::JwksOf({key.Jwk()});
  Configure("secret: 'robots' algorithms: 'HS256' cache_ttl { seconds: 1000 }");
  std::string token = key.Token(Algorithm::kHs256, Claims());
  EXPECT_EQ((Ask(token), result().state), State::kProven);
  std::shared_ptr<const Policy> before = policy;
  secrets.jwks = jose::testing::JwksOf({SigningKey::Secret(std::string(32, 'n')).Jwk()});
  Configure("secret: 'robots' algorithms: 'HS256' cache_ttl { seconds: 1000 }");
  EXPECT_EQ((Ask(token), result().state), State::kInvalid);
}

TEST_F(JwtTest, KnowsEachProviderByItsIssuerAndPlace) {
  SigningKey robots = SigningKey::Ed25519();
  xds::v1::Jwt message;
  ASSERT_TRUE(
      google::protobuf::TextFormat::ParseFromString("providers { name: 'a' issuer: 'https://auth' } providers { name: "
                                                    "'b' issuer: 'robots' sources { header: 'x-robot' } }",
                                                    &message));
  message.mutable_providers(0)->set_inline_jwks(jose::testing::JwksOf({key.Jwk()}));
  message.mutable_providers(1)->set_inline_jwks(jose::testing::JwksOf({robots.Jwk()}));
  Make(message);
  std::string robot = robots.Token(Algorithm::kEdDsa, R"({"iss":"robots","sub":"r","exp":1900000000})");
  EXPECT_EQ((Ask(robot), result().state), State::kInvalid);
  Begin();
  x.request.headers.Add("x-robot", x.arena.Copy(robot));
  Run();
  EXPECT_EQ(x.identity.provider, "b");
  // The key of one does not make tokens of the other.
  EXPECT_EQ((Ask(robots.Token(Algorithm::kEdDsa, Claims())), result().state), State::kInvalid);
}

TEST_F(JwtTest, IsUndecidedWithoutKeys) {
  xds::v1::Jwt message;
  message.add_providers()->set_name("a");
  message.mutable_providers(0)->set_issuer("https://auth");
  Make(message);
  EXPECT_EQ((Ask(Token()), result().state), State::kUnknown);
}

TEST_F(JwtTest, TellsTheTokensStoryToExplain) {
  Configure("claim_headers { claim: 'sub' header: 'x-user' }");
  Begin();
  x.request.headers.Add("authorization", x.arena.Copy("Bearer " + Token()));
  Judgement judgement = config->Judge(x, NoFacts());
  EXPECT_EQ(
      judgement.why,
      "token of auth: issuer ok, audience ok, expires in 60m, sub=u1; whether its signature holds only a data plane "
      "knows");
  EXPECT_EQ(result().state, State::kAssumed);
  EXPECT_EQ(x.request.headers.Get("x-user"), "u1");
  Begin();
  EXPECT_EQ(config->Judge(x, NoFacts()).why, "no token");
}

TEST(JwtConfig, RefusesWhatCannotBeMeant) {
  struct Case {
    const char* text;
    const char* problem;
  };
  const Case cases[] = {
      {"", "providers: at least one"},
      {"providers { issuer: 'a' }", "providers[0]: name: missing"},
      {"providers { name: 'a' }", "providers[0]: issuer: missing"},
      {"providers { name: 'a' issuer: 'i' } providers { name: 'b' issuer: 'i' }", "providers[1]: issuer: another"},
      {"providers { name: 'a' issuer: 'i' algorithms: 'none' }", "algorithms[0]"},
      {"providers { name: 'a' issuer: 'i' remote { uri: 'http://x/' } }", "remote.uri"},
      {"providers { name: 'a' issuer: 'i' sources { header: 'X' } }", "sources[0]: header: in lower case"},
      {"providers { name: 'a' issuer: 'i' sources { } }", "sources[0]"},
      {"providers { name: 'a' issuer: 'i' claim_headers { claim: 'a' header: 'host' } }",
       "claim_headers[0]: header: \"host\" says for whom a request is, so that nothing else can be written into it"},
      {"providers { name: 'a' issuer: 'i' claim_headers { claim: 'a' header: 'content-length' } }", "claim_headers[0]"},
      {"providers { name: 'a' issuer: 'i' leeway { seconds: -1 } }", "leeway"},
  };
  for (const Case& c : cases) {
    xds::v1::Jwt message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(c.text, &message));
    auto compiled = JwtConfig::Compile(message);
    ASSERT_FALSE(compiled.ok()) << c.text;
    EXPECT_THAT(std::string(compiled.status().message()), HasSubstr(c.problem));
  }
}

}  // namespace
}  // namespace penstock::policies
