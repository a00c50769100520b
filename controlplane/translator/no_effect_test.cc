// Which settings without effect are told, and until when.
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/translate.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

using manifests::Cat;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kGateway = R"(---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g}
spec:
  gatewayClassName: default
  listeners: [{name: http, port: 8080, protocol: HTTP}]
)";

std::string Route(std::string_view name) {
  return Cat("---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: ", name,
             "}\nspec: {parentRefs: [{name: g}], rules: [{matches: [{path: {value: /", name,
             "}}], filters: [{type: RequestRedirect, requestRedirect: {statusCode: 302}}]}]}\n");
}

std::string Policy(std::string_view kind, std::string_view name, std::string_view target, std::string_view spec) {
  return Cat("---\napiVersion: penstock.dev/v1\nkind: ", kind, "\nmetadata: {name: ", name,
             "}\nspec: {targetRefs: [{kind: ", target, "}], ", spec, "}\n");
}

constexpr std::string_view kRoles = "authorization: {rules: [{name: a, when: {roles: [admin]}}]}";
constexpr std::string_view kTokens =
    "jwt: {providers: [{name: a, issuer: \"https://a\", jwks: {uri: \"https://a/jwks\"}}]}";

// "W223 Gateway default/g spec.listeners[0]" of all that has no effect.
std::vector<std::string> Told(const Result& result) {
  std::vector<std::string> told;
  for (const manifests::Finding& finding : result.findings) {
    if (finding.code() == "W223" || finding.code() == "W224")
      told.push_back(Cat(finding.code(), " ", finding.object(), " ", finding.path()));
  }
  return told;
}

Result After(const StatePtr& previous, const std::string& yaml) {
  manifests::File file{.name = "t.yaml", .bytes = yaml};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  EXPECT_TRUE(parsed.findings.empty()) << parsed.findings[0].ShortDebugString();
  return Translate(previous, {parsed.objects, {}}, {.generation = previous == nullptr ? 1u : 2u});
}

TEST(NoEffect, TellsOfAGatewaysRulesByClaimsUntilSomebodyReadsTokens) {
  Result first = After(nullptr, Cat(kGateway, Route("r"), Policy("SecurityPolicy", "p", "Gateway, name: g", kRoles)));
  EXPECT_THAT(Told(first), ElementsAre("W223 Gateway default/g spec.listeners[0]"));
  Result second = After(first.state, Policy("SecurityPolicy", "tokens", "HTTPRoute, name: r", kTokens));
  EXPECT_THAT(Told(second), IsEmpty()) << "its rules may be for the routes that read tokens";
}

TEST(NoEffect, TellsOfARoutesRulesByClaimsWhoeverElseReadsTokens) {
  std::string world =
      Cat(kGateway, Route("r"), Route("s"), Policy("SecurityPolicy", "tokens", "HTTPRoute, name: s", kTokens),
          Policy("SecurityPolicy", "p", "HTTPRoute, name: r", kRoles));
  Result first = After(nullptr, world);
  EXPECT_THAT(Told(first), ElementsAre("W223 HTTPRoute default/r spec.rules[0]"));
  EXPECT_THAT(Told(After(first.state, Policy("SecurityPolicy", "q", "Gateway, name: g", kTokens))), IsEmpty());
}

TEST(NoEffect, TellsOfSettingsOfLimitsWithoutRulesButNotOfThoseThatOthersUse) {
  constexpr std::string_view kKey = "key: {clientAddress: true}";
  Result gateway = After(nullptr, Cat(kGateway, Route("r"), Policy("RateLimitPolicy", "p", "Gateway, name: g", kKey)));
  EXPECT_THAT(Told(gateway), IsEmpty()) << "routes may write the rules";
  Result route = After(nullptr, Cat(kGateway, Route("r"), Policy("RateLimitPolicy", "p", "HTTPRoute, name: r", kKey)));
  EXPECT_THAT(Told(route), ElementsAre("W224 HTTPRoute default/r spec.rules[0]"));
  Result rules = After(route.state, Policy("RateLimitPolicy", "q", "Gateway, name: g",
                                           "rules: [{name: a, limit: {requests: 3, per: Hour}}]"));
  EXPECT_THAT(Told(rules), IsEmpty());
}

}  // namespace
}  // namespace penstock::translator
