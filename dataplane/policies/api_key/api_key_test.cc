#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <string>

#include "dataplane/policies/api_key/api_key_policy.h"

namespace penstock::policies {
namespace {

struct OneConsumer final : Consumers {
  ConsumerEntry Find(CredentialKind kind, std::string_view value, WallTime) const override {
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>("good"), 4, hash);
    bool known = kind == CredentialKind::kApiKey && value == std::string_view(reinterpret_cast<char*>(hash), 32);
    return known ? ConsumerEntry{"n/app", "gold"} : ConsumerEntry{};
  }
};

class ApiKeyTest : public ::testing::Test {
 protected:
  AuthResult::State Ask(std::vector<std::string> keys, std::string query = "") {
    x.Clear();
    x.Begin(cancellation);
    x.consumers = &consumers;
    for (const std::string& key : keys) x.request.headers.Add("x-api-key", x.arena.Copy(key));
    x.request.query = x.arena.Copy(query);
    EXPECT_FALSE(RunReady(policy->OnRequest(x)).is_reply());
    return x.identity.of(AuthMethod::kApiKey).state;
  }
  void Configure(const xds::v1::ApiKeyAuthentication& message) {
    auto compiled = ApiKeyConfig::Compile(message);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    config = *compiled;
    policy = std::make_unique<ApiKeyPolicy>(config);
  }

  OneConsumer consumers;
  BlockPool pool;
  Cancellation cancellation;
  Exchange x{&pool};
  std::shared_ptr<const ApiKeyConfig> config;
  std::unique_ptr<ApiKeyPolicy> policy;
};

using State = AuthResult::State;

TEST_F(ApiKeyTest, NotesWhoseKeyItIs) {
  Configure({});
  EXPECT_EQ(Ask({"good"}), State::kProven);
  EXPECT_EQ(x.identity.consumer, "n/app");
  EXPECT_EQ(x.identity.plan, "gold");
  EXPECT_TRUE(x.request.headers.Has("x-api-key"));
}

TEST_F(ApiKeyTest, TakesNoOtherKey) {
  Configure({});
  EXPECT_EQ(Ask({}), State::kMissing);
  for (const char* bad : {"", "goo", "good ", "Good", "goodgood"}) {
    State state = Ask({bad});
    // Blanks around a value are not of the key.
    EXPECT_EQ(state, std::string(bad) == "good " ? State::kProven : State::kInvalid) << bad;
  }
  EXPECT_EQ(Ask({std::string(600, 'x')}), State::kInvalid);
}

TEST_F(ApiKeyTest, TakesTwoKeysForNone) {
  xds::v1::ApiKeyAuthentication message;
  message.add_sources()->set_header("x-api-key");
  message.add_sources()->set_query("api_key");
  Configure(message);
  EXPECT_EQ(Ask({"good", "good"}), State::kInvalid);
  EXPECT_EQ(Ask({}, "api_key=good&api_key=bad"), State::kInvalid);
  EXPECT_EQ(Ask({"good"}, "api_key=good"), State::kInvalid);
  EXPECT_EQ(Ask({}, "api_key=good"), State::kProven);
  EXPECT_EQ(config->SecretQueryParameters(), std::vector<std::string>{"api_key"}) << "no log shows its value";
}

TEST_F(ApiKeyTest, KeepsTheKeyFromBackendsIfItShall) {
  xds::v1::ApiKeyAuthentication message;
  message.set_strip_key(true);
  Configure(message);
  EXPECT_EQ(Ask({"bad"}), State::kInvalid);
  EXPECT_FALSE(x.request.headers.Has("x-api-key"));
}

TEST_F(ApiKeyTest, IsNoWayOutOfARuleAgainstAnotherConsumer) {
  Configure({});
  x.Begin(cancellation);
  x.consumers = &consumers;
  x.request.headers.Add("x-api-key", "good");
  x.identity.consumer = "n/denied";
  EXPECT_FALSE(RunReady(policy->OnRequest(x)).is_reply());
  EXPECT_EQ(x.identity.of(AuthMethod::kApiKey).state, State::kInvalid);
  EXPECT_EQ(x.identity.consumer, "n/denied");
}

}  // namespace
}  // namespace penstock::policies
