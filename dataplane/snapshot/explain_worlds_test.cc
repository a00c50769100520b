// What is explained where a request carries credentials that nobody can check there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "dataplane/base/strings.h"
#include "dataplane/snapshot/explain.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/testing.h"
#include "proto/penstock/xds/v1/credential.pb.h"

namespace penstock::snapshot {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr char kCredentials[] = R"(policies { type: 'jwt' origin: 'SecurityPolicy shop/tokens' config {
  [type.googleapis.com/penstock.xds.v1.Jwt] { providers { name: 'auth' issuer: 'https://auth'
    claim_headers { claim: 'role' header: 'x-role' }
    inline_jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}' } } } }
  policies { type: 'api_key' origin: 'SecurityPolicy shop/tokens' config {
  [type.googleapis.com/penstock.xds.v1.ApiKeyAuthentication] {} } })";

std::string KeyHash(std::string_view key) {
  std::string hash(key);
  hash.resize(32, 'x');
  return hash;
}

// Hashes keys, and knows nothing of signatures.
struct KeyHashes final : FactSource, policies::Facts {
  const policies::Facts& About(Exchange&, std::string_view, size_t) override { return *this; }
  std::optional<std::string_view> Find(std::string_view name) const override {
    constexpr std::string_view kFact = "api_key/sha256/";
    if (!name.starts_with(kFact)) return std::nullopt;
    return last = KeyHash(name.substr(kFact.size()));
  }
  mutable std::string last;
};

class ExplainWorlds : public ::testing::Test {
 protected:
  // The credentials, then POLICY, a PolicyConfig without what surrounds it.
  void Serve(const std::string& policy) {
    xds::v1::Credential token;
    token.set_name("consumer/shop/eve/token-0");
    token.set_consumer("shop/eve");
    token.mutable_token()->set_issuer("https://auth");
    token.mutable_token()->set_subject("eve");
    xds::v1::Credential key;
    key.set_name("apikey/shop/key");
    key.set_consumer("shop/other");
    key.set_api_key_sha256(KeyHash("open-sesame"));
    Delta delta{{testing::Listener("shop/web/http", "policy_chain: 'edge'"),
                 testing::PolicyChain("edge", StrCat(kCredentials, " policies { ", policy, " }")),
                 testing::Route("shop/all",
                                "attachments { listener: 'shop/web/http' } rules { matches { prefix: '/' } "
                                "static_reply { status: 200 } }")},
                {},
                {}};
    for (const xds::v1::Credential& credential : {token, key})
      delta.upserts.push_back({std::string(kCredentialType), credential.name(), "", credential.SerializeAsString()});
    snapshot = testing::MustCompile(nullptr, delta);
  }
  void Authorize(const std::string& rules) {
    Serve(
        StrCat("type: 'authorization' config { [type.googleapis.com/penstock.xds.v1.Authorization] { ", rules, " } }"));
  }

  static std::string Token() {
    auto part = [](absl::string_view text) { return absl::WebSafeBase64Escape(text); };
    return StrCat("Bearer ", part(R"({"alg":"EdDSA"})"), ".",
                  part(R"({"iss":"https://auth","sub":"eve","role":"admin","exp":4000000000})"), ".",
                  part(std::string(64, 'x')));
  }
  Explanation Ask(std::vector<std::pair<std::string, std::string>> fields) {
    ExplainRequest request;
    request.port = 8080;
    request.fields = std::move(fields);
    request.fields.emplace_back("host", "shop");
    request.target = "/";
    return Explain(*snapshot, request, facts);
  }
  Explanation AskWithToken() { return Ask({{"authorization", Token()}}); }
  Explanation AskWithBoth() { return Ask({{"authorization", Token()}, {"x-api-key", "open-sesame"}}); }

  std::shared_ptr<const Snapshot> snapshot;
  KeyHashes facts;
};

TEST_F(ExplainWorlds, SaysOfWhatHangsOnATokenWhatComesOfIt) {
  Authorize("rules { name: 'known' condition { authenticated: true } }");
  Explanation explanation = AskWithToken();
  EXPECT_EQ(explanation.policies[2].verdict, "unknown");
  EXPECT_EQ(explanation.policies[2].why,
            "hangs on what cannot be checked here: pass (rule \"known\" allows: authenticated); if the credential of "
            "jwt does not hold: deny (no rule allows it: rule \"known\" wants authenticated: nothing is proven)");
  EXPECT_FALSE(explanation.denied);
  EXPECT_THAT(explanation.action, HasSubstr("200"));
}

TEST_F(ExplainWorlds, GoesOnWhereARequestPassesIfTheTokenDoesNotHold) {
  Authorize("rules { name: 'no-eve' deny: true condition { subjects: 'eve' } } rules {}");
  Explanation explanation = AskWithToken();
  EXPECT_EQ(explanation.policies[2].verdict, "unknown");
  EXPECT_FALSE(explanation.denied);
  EXPECT_EQ(explanation.status, 0);
  EXPECT_THAT(explanation.action, HasSubstr("200"));
}

TEST_F(ExplainWorlds, IsSureOfWhatDoesNotHangOnTheToken) {
  Authorize("rules { name: 'no-bob' deny: true condition { subjects: 'bob' } } rules {}");
  EXPECT_EQ(AskWithToken().policies[2].verdict, "pass");
  Authorize("rules { condition { subjects: 'bob' } }");
  Explanation denied = AskWithToken();
  EXPECT_EQ(denied.policies[2].verdict, "deny");
  EXPECT_EQ(denied.status, 403);
}

// Whoever has proven to be another Consumer before cannot be one by a key.
TEST_F(ExplainWorlds, DoesNotTakeAKeyForNoneBecauseOfATokenThatMayNotHold) {
  Authorize("rules { name: 'no-other' deny: true condition { consumers: 'shop/other' } } rules {}");
  EXPECT_EQ(AskWithBoth().policies[2].verdict, "unknown");
  Authorize("rules { condition { consumers: 'shop/other' } }");
  Explanation explanation = AskWithBoth();
  EXPECT_EQ(explanation.policies[2].verdict, "unknown");
  EXPECT_FALSE(explanation.denied);
}

TEST_F(ExplainWorlds, KnowsThatAFieldWhichATokenFillsHangsOnIt) {
  Authorize("rules { name: 'no-admins' deny: true condition { headers { name: 'x-role' values: 'admin' } } } rules {}");
  EXPECT_EQ(AskWithToken().policies[2].verdict, "unknown");
}

TEST_F(ExplainWorlds, SaysWhatHappensOtherwiseWhereEitherWayIsRefused) {
  Serve(
      "type: 'authentication' config { [type.googleapis.com/penstock.xds.v1.Authentication] { all_of { any_of: 'jwt' } "
      "} } } policies { type: 'authorization' config { [type.googleapis.com/penstock.xds.v1.Authorization] { rules { "
      "name: 'no-eve' deny: true condition { subjects: 'eve' } } rules {} } }");
  Explanation explanation = AskWithToken();
  EXPECT_EQ(explanation.policies[2].verdict, "unknown");
  EXPECT_EQ(explanation.policies[3].verdict, "deny");
  EXPECT_EQ(explanation.status, 403);
  EXPECT_THAT(explanation.detail, EndsWith("; 401 unauthenticated if the credential of jwt does not hold"));
}

}  // namespace
}  // namespace penstock::snapshot
