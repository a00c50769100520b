#include "dataplane/policies/basic/basic_config.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/policies/condition/testing.h"

namespace penstock::policies {
namespace {

using State = AuthResult::State;

struct SomeFacts final : Facts {
  std::optional<std::string_view> Find(std::string_view name) const override {
    if (name == "secret/people/htpasswd") return file;
    return std::nullopt;
  }
  std::string file = "ada:$2b$05$" + std::string(53, 'a') + "\n";
};

struct OneConsumer final : Consumers {
  ConsumerEntry Find(CredentialKind kind, std::string_view value, WallTime) const override {
    bool known = kind == CredentialKind::kUser && value == std::string_view("shop\0ada", 8);
    return known ? ConsumerEntry{"shop/lovelace", "gold"} : ConsumerEntry{};
  }
};

struct OneRevocation final : Revocations {
  std::string_view Find(const TokenFacts& token) const override {
    EXPECT_EQ(token.issuer, "");
    EXPECT_EQ(token.id, "");
    EXPECT_EQ(token.issued, WallTime::max()) << "no time takes a password back";
    return token.subject == "ada" ? "the tokens of its subject are revoked" : "";
  }
  uint64_t version() const override { return 1; }
};

std::shared_ptr<const BasicConfig> Config(bool strip = false) {
  xds::v1::BasicAuthentication message;
  message.set_secret("people");
  message.set_namespace_("shop");
  message.set_strip_credentials(strip);
  return *BasicConfig::Compile(message);
}

const TestRequest kAda{.fields = {{"authorization", "Basic YWRhOng="}}};
const TestRequest kBob{.fields = {{"authorization", "Basic Ym9iOng="}}};

TEST(BasicConfig, TellsWhatIsKnownOfAUserWithoutThePassword) {
  OneConsumer consumers;
  TestExchange x(kAda);
  x->consumers = &consumers;
  Judgement judgement = Config()->Judge(*x, SomeFacts());
  EXPECT_EQ(judgement.outcome, Judgement::Outcome::kPass);
  EXPECT_EQ(judgement.why, "user ada is known; whether the password is right is not looked at here");
  EXPECT_EQ(x->identity.of(AuthMethod::kBasic).state, State::kAssumed);
  EXPECT_EQ(x->identity.subject, "ada");
  EXPECT_EQ(x->identity.consumer, "shop/lovelace");
  EXPECT_EQ(x->identity.plan, "gold");
}

TEST(BasicConfig, TellsThatThereIsNoSuchUser) {
  TestExchange x(kBob);
  EXPECT_EQ(Config()->Judge(*x, SomeFacts()).why, "counts as none: there is no user bob");
  EXPECT_EQ(x->identity.of(AuthMethod::kBasic).state, State::kInvalid);
  EXPECT_EQ(x->identity.subject, "");
}

TEST(BasicConfig, TellsThatItCannotKnowWithoutTheFile) {
  TestExchange x(kAda);
  EXPECT_EQ(Config()->Judge(*x, NoFacts()).outcome, Judgement::Outcome::kPass);
  EXPECT_EQ(x->identity.of(AuthMethod::kBasic).state, State::kAssumed);
  TestExchange nobody(kAda);
  (*BasicConfig::Compile({}))->Judge(*nobody, SomeFacts());
  EXPECT_EQ(nobody->identity.of(AuthMethod::kBasic).state, State::kUnknown) << "503, not 401";
}

TEST(BasicConfig, TakesBackAUserAsItDoesASubject) {
  OneRevocation revocations;
  TestExchange x(kAda);
  x->revocations = &revocations;
  EXPECT_EQ(Config()->Judge(*x, SomeFacts()).why, "user ada counts as none: the user is revoked");
  EXPECT_EQ(x->identity.of(AuthMethod::kBasic).state, State::kInvalid);
}

TEST(BasicConfig, IsNoWayOutOfARuleAgainstAnotherConsumer) {
  OneConsumer consumers;
  TestRequest request = kAda;
  request.consumer = "shop/denied";
  TestExchange x(request);
  x->consumers = &consumers;
  Config()->NoteUser("ada", State::kProven, *x);
  EXPECT_EQ(x->identity.of(AuthMethod::kBasic).state, State::kInvalid);
  EXPECT_EQ(x->identity.consumer, "shop/denied");
}

TEST(BasicConfig, KeepsThePasswordFromBackendsIfItShall) {
  TestExchange kept(kAda);
  Config(false)->Judge(*kept, SomeFacts());
  EXPECT_TRUE(kept->request.headers.Has("authorization"));
  TestExchange taken(kAda);
  Config(true)->Judge(*taken, SomeFacts());
  EXPECT_FALSE(taken->request.headers.Has("authorization"));
}

TEST(BasicConfig, RefusesADurationOfMoreThanADay) {
  xds::v1::BasicAuthentication message;
  for (int64_t seconds : {int64_t{-1}, int64_t{86'401}, int64_t{1} << 60}) {
    message.mutable_cache_ttl()->set_seconds(seconds);
    EXPECT_EQ(BasicConfig::Compile(message).status().message(), "cache_ttl: from 0s to 24h");
  }
  message.mutable_cache_ttl()->set_seconds(86'400);
  EXPECT_EQ((*BasicConfig::Compile(message))->cache_ttl(), std::chrono::hours(24));
}

}  // namespace
}  // namespace penstock::policies
