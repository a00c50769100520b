// A credential is one Consumer's.
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
using testing::HasSubstr;
using testing::IsEmpty;

manifests::ChangeSet Parse(std::string yaml) {
  manifests::File file{.name = "t.yaml", .bytes = std::move(yaml)};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  EXPECT_TRUE(parsed.findings.empty()) << parsed.findings[0].ShortDebugString();
  return {parsed.objects, {}};
}

std::string Consumer(std::string_view name, std::string_view spec) {
  return Cat("---\napiVersion: penstock.dev/v1\nkind: Consumer\nmetadata: {", name, "}\nspec: {", spec, "}\n");
}

std::vector<std::string> Said(const Result& result) {
  std::vector<std::string> said;
  for (const manifests::Finding& finding : result.findings)
    said.push_back(Cat(finding.code(), " ", finding.object(), " ", finding.path(), " ", finding.message()));
  return said;
}

TEST(Identities, TellOfARevocationThatTakesNothingBack) {
  constexpr std::string_view kPolicy = R"(---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: p}
spec:
  targetRefs: [{kind: Gateway, name: g}]
  jwt: {providers: [{name: a, issuer: "https://auth.test", jwks: {uri: "https://auth.test/jwks"}}]}
)";
  auto revocation = [](std::string_view name, std::string_view issuer) {
    return Cat("---\napiVersion: penstock.dev/v1\nkind: Revocation\nmetadata: {name: ", name,
               "}\nspec: {subject: u9, issuer: \"", issuer, "\"}\n");
  };
  std::string yaml =
      Cat(kPolicy, revocation("right", "https://auth.test"), revocation("typo", "https://auth.tset"),
          "---\napiVersion: penstock.dev/v1\nkind: Revocation\nmetadata: {name: any}\nspec: {subject: u9}\n");
  Result result = Translate(nullptr, Parse(yaml), {.generation = 1, .allow_unresolved = true});
  const std::string kTypo =
      "W222 Revocation default/typo spec.issuer no SecurityPolicy takes tokens of \"https://auth.tset\"";
  EXPECT_THAT(Said(result), testing::Contains(kTypo));
  EXPECT_THAT(Said(result), testing::Not(testing::Contains(HasSubstr("Revocation default/right"))));
  EXPECT_THAT(Said(result), testing::Not(testing::Contains(HasSubstr("Revocation default/any"))));

  std::string other(kPolicy);
  other.replace(other.find("https://auth.test"), 17, "https://auth.tset");
  Result changed = Translate(result.state, Parse(other), {.generation = 2, .allow_unresolved = true});
  EXPECT_THAT(Said(changed), testing::Not(testing::Contains(kTypo)));
  EXPECT_THAT(Said(changed), testing::Contains(HasSubstr("Revocation default/right spec.issuer no SecurityPolicy")));
}

TEST(Identities, TellBothConsumersOfACredentialThatTheyShare) {
  struct Row {
    std::string_view credential;
    std::string_view path;
    std::string_view what;
  };
  const Row kRows[] = {
      {"users: [eve, ada]", "spec.users[1]", "user \"ada\""},
      {"tokens: [{issuer: auth, subject: ada}]", "spec.tokens[0]", "subject \"ada\" of auth"},
      {"certificates: [\"spiffe://ada\"]", "spec.certificates[0]", "certificate \"spiffe://ada\""},
  };
  for (const Row& row : kRows) {
    std::string one = Consumer("name: one", row.credential);
    std::string two = Consumer("name: two", row.credential);
    if (row.path == "spec.users[1]") two = Consumer("name: two", "users: [bob, ada]");
    Result result = Translate(nullptr, Parse(one + two), {.generation = 1});
    std::string first = Cat("E142 Consumer default/one ", row.path, " ", row.what,
                            " is Consumer \"default/one\" here, and Consumer \"default/two\" there");
    std::string second = Cat("E142 Consumer default/two ", row.path, " ", row.what,
                             " is Consumer \"default/two\" here, and Consumer \"default/one\" there");
    EXPECT_THAT(Said(result), ElementsAre(first, second));
    // A later change finds it, too.
    StatePtr state = Translate(nullptr, Parse(one), {.generation = 1}).state;
    EXPECT_THAT(Said(Translate(state, Parse(two), {.generation = 2})), ElementsAre(first, second));
  }
}

TEST(Identities, MayMoveFromOneConsumerToAnotherInOneChange) {
  StatePtr state =
      Translate(nullptr, Parse(Consumer("name: one", "users: [ada]") + Consumer("name: two", "users: [bob]")),
                {.generation = 1})
          .state;
  Result moved = Translate(state, Parse(Consumer("name: one", "users: [bob]") + Consumer("name: two", "users: [ada]")),
                           {.generation = 2});
  EXPECT_THAT(Said(moved), IsEmpty());
}

TEST(Identities, AreAnothersWhereAnotherMeansThem) {
  Result result =
      Translate(nullptr,
                Parse(Consumer("name: one, namespace: a", "users: [ada], tokens: [{issuer: x, subject: s}]") +
                      Consumer("name: one, namespace: b", "users: [ada], tokens: [{issuer: y, subject: s}]") +
                      Consumer("name: two, namespace: b", "certificates: [ada]")),
                {.generation = 1});
  EXPECT_THAT(Said(result), IsEmpty());
}

TEST(Identities, LetAKeyHaveTwoNamesButNotTwoOwners) {
  auto key = [](std::string_view name, std::string_view consumer) {
    return Cat("---\napiVersion: penstock.dev/v1\nkind: ApiKey\nmetadata: {name: ", name,
               "}\nspec: {consumer: ", consumer, ", sha256: ", std::string(64, 'a'), "}\n");
  };
  std::string consumers = Consumer("name: one", "") + Consumer("name: two", "");
  Result same = Translate(nullptr, Parse(Cat(consumers, key("k1", "one"), key("k2", "one"))), {.generation = 1});
  EXPECT_THAT(Said(same), IsEmpty());
  Result other = Translate(same.state, Parse(key("k2", "two")), {.generation = 2});
  EXPECT_THAT(Said(other),
              ElementsAre(HasSubstr("E142 ApiKey default/k1 spec.sha256 the key is Consumer \"default/one\" here, and "
                                    "Consumer \"default/two\" in ApiKey \"default/k2\""),
                          HasSubstr("E142 ApiKey default/k2 spec.sha256")));
}

}  // namespace
}  // namespace penstock::translator
