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

constexpr char kProvider[] =
    "claim_headers { claim: 'role' header: 'x-role' } sources { header: 'authorization' prefix: 'Bearer ' } "
    "sources { header: 'x-token' prefix: 'Bearer ' }";
constexpr char kUser[] = "ada:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";

class ExplainWorlds : public ::testing::Test {
 protected:
  // The credentials, then POLICY, a PolicyConfig without what surrounds it.
  void Serve(const std::string& policy) {
    xds::v1::Credential token;
    token.set_name("consumer/shop/eve/token-0");
    token.set_consumer("shop/eve");
    token.mutable_token()->set_issuer("https://auth");
    token.mutable_token()->set_subject("eve");
    xds::v1::Credential user;
    user.set_name("consumer/shop/lovelace/user-0");
    user.set_consumer("shop/lovelace");
    user.mutable_user()->set_namespace_("shop");
    user.mutable_user()->set_name("ada");
    std::string chain = StrCat(testing::TokensAndKeys(kProvider), " policies { ", policy, " }");
    Delta delta{{testing::Listener("shop/web/http", "policy_chain: 'edge'"),
                 testing::PolicyChain("edge", chain),
                 testing::ApiKey("shop/key", "open-sesame", "shop/other"),
                 testing::Secret("shop/users", {{"htpasswd", kUser}}),
                 {std::string(kCredentialType), user.name(), "", user.SerializeAsString()},
                 {std::string(kCredentialType), token.name(), "", token.SerializeAsString()},
                 testing::Route("shop/all",
                                "attachments { listener: 'shop/web/http' } rules { matches { prefix: '/' } "
                                "static_reply { status: 200 } }")},
                {},
                {}};
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
  testing::KeyHashes facts;
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
  EXPECT_THAT(ExplanationText(explanation), HasSubstr("\nunknown   3 authorization may refuse it; otherwise:\naction"));
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

// Whoever has proven to be one Consumer cannot be another one by a password: that is looked at only if he has not.
TEST_F(ExplainWorlds, LooksAtCredentialsThatCountOnlyIfAnotherOneDoesNotHold) {
  auto ask = [&](const std::string& rules) {
    Serve(StrCat(
        "type: 'basic' config { [type.googleapis.com/penstock.xds.v1.BasicAuthentication] { secret: 'shop/users' "
        "namespace: 'shop' } } } policies { type: 'authorization' config { "
        "[type.googleapis.com/penstock.xds.v1.Authorization] { ",
        rules, " } }"));
    return Ask({{"x-token", Token()}, {"authorization", "Basic YWRhOmFueXRoaW5n"}}).policies[3];
  };
  ExplainedPolicy either = ask("rules { name: 'both' condition { consumers: 'shop/eve' consumers: 'shop/lovelace' } }");
  EXPECT_EQ(either.verdict, "unknown");
  EXPECT_THAT(either.why, HasSubstr("if the credentials of jwt and basic do not hold: deny"));
  ExplainedPolicy not_she =
      ask("rules { name: 'not-she' deny: true condition { consumers: 'shop/lovelace' } } rules {}");
  EXPECT_EQ(not_she.verdict, "unknown");
  EXPECT_THAT(not_she.why, HasSubstr("if the credential of jwt does not hold: deny (denied by rule \"not-she\""));
  EXPECT_EQ(ask("rules { name: 'no-bob' deny: true condition { consumers: 'shop/bob' } } rules {}").verdict, "pass");
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
