// Who is sent which part of which Secret, and what a change of one costs.
#include <map>
#include <optional>
#include <set>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/test_pem.h"
#include "controlplane/translator/translate.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/penstock/xds/v1/secret.pb.h"

namespace penstock::translator {
namespace {

using manifests::Cat;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kSecretType[] = "type.googleapis.com/penstock.xds.v1.Secret";

manifests::ChangeSet Parse(std::string yaml) {
  manifests::File file{.name = "t.yaml", .bytes = std::move(yaml)};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  EXPECT_TRUE(parsed.findings.empty()) << parsed.findings[0].ShortDebugString();
  return {parsed.objects, {}};
}

std::string Gateway(std::string_view name, std::string_view gateway_class, std::string_view certificate) {
  return Cat(
      "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: ", name,
      "}\nspec:\n  gatewayClassName: ", gateway_class,
      "\n  listeners: [{name: https, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: ", certificate,
      "}]}}]\n  tls: {frontend: {default: {validation: {caCertificateRefs: [{kind: Secret, name: authority}]}}}}\n");
}

class Secrets : public testing::Test {
 protected:
  static std::string Write(std::string_view name, const std::string& cert, const std::string& key) {
    return Cat("---\napiVersion: v1\nkind: Secret\nmetadata: {name: ", name, "}\nstringData: {tls.crt: ", Quoted(cert),
               ", tls.key: ", Quoted(key), ", ca.crt: ", Quoted(cert), ", password: hunter2}\n");
  }
  // A new certificate each time.
  std::string Secret(std::string_view name) {
    TestCertificate certificate = ca_.Issue({.names = {"DNS:shop.test"}});
    return Write(name, certificate.cert, certificate.key);
  }
  // What is said about the Secret "shop" that a Gateway shows.
  std::vector<std::string> Said(const std::string& shop, std::optional<absl::Time> now) {
    Result result = Translate(nullptr, Parse(Cat(Gateway("g", "default", "shop"), shop, Secret("authority"))),
                              {.generation = 1, .allow_unresolved = true, .now = now});
    std::vector<std::string> said;
    for (const manifests::Finding& finding : result.findings) {
      if (finding.object() == "Secret default/shop")
        said.push_back(Cat(finding.code(), " ", finding.path(), " ", finding.message()));
    }
    return said;
  }

  TestCa ca_;
};

std::string Classes() {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: inside}\nspec: "
         "{controllerName: penstock.dev/gateway-controller}\n";
}

// The Secrets of a class and the keys that each has.
std::map<std::string, std::set<std::string>> SecretsOf(const StatePtr& state, const std::string& gateway_class) {
  std::map<std::string, std::set<std::string>> secrets;
  for (const ResourcePtr& resource : ResourcesOf(state, {.gateway_class = gateway_class, .labels = {}})) {
    if (resource->type_url != kSecretType) continue;
    xds::v1::Secret message;
    EXPECT_TRUE(message.ParseFromString(resource->bytes));
    for (const auto& [key, value] : message.data()) secrets[resource->name].insert(key);
  }
  return secrets;
}

using Sent = std::map<std::string, std::set<std::string>>;

TEST_F(Secrets, GoOnlyToTheClassesThatMentionThemWithTheKeysThatAreNeeded) {
  manifests::ChangeSet changes =
      Parse(Cat(Classes(), Gateway("outer", "default", "shop"), Gateway("inner", "inside", "admin"), Secret("shop"),
                Secret("admin"), Secret("authority"), Secret("other")));
  StatePtr state = Translate(nullptr, changes, {.generation = 1}).state;
  EXPECT_EQ(SecretsOf(state, "default"),
            (Sent{{"default/shop", {"tls.crt", "tls.key"}}, {"ca/secret/default/authority", {"ca.crt"}}}));
  EXPECT_EQ(SecretsOf(state, "inside"),
            (Sent{{"default/admin", {"tls.crt", "tls.key"}}, {"ca/secret/default/authority", {"ca.crt"}}}));
}

TEST_F(Secrets, ChangeAlone) {
  manifests::ChangeSet first = Parse(Cat(Gateway("g", "default", "shop"), Secret("shop"), Secret("authority")));
  StatePtr state = Translate(nullptr, first, {.generation = 1}).state;
  Result result = Translate(state, Parse(Secret("shop")), {.generation = 2});
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_THAT(result.removals, IsEmpty());
  ASSERT_EQ(result.upserts.size(), 1u);
  EXPECT_EQ(result.upserts[0]->type_url, kSecretType);
  EXPECT_EQ(result.upserts[0]->name, "default/shop");
}

TEST_F(Secrets, AreTakenBackWhenNobodyMentionsThemAnyMore) {
  manifests::ChangeSet first =
      Parse(Cat(Gateway("g", "default", "shop"), Secret("shop"), Secret("next"), Secret("authority")));
  StatePtr state = Translate(nullptr, first, {.generation = 1}).state;
  Result result = Translate(state, Parse(Gateway("g", "default", "next")), {.generation = 2});
  EXPECT_THAT(result.removals, ElementsAre(ResourceId{kSecretType, "default/shop"}));
}

TEST_F(Secrets, ThatAreInUseCannotBeBrokenOrRemoved) {
  manifests::ChangeSet first = Parse(Cat(Gateway("g", "default", "shop"), Secret("shop"), Secret("authority")));
  StatePtr state = Translate(nullptr, first, {.generation = 1}).state;
  Result broken = Translate(state, Parse(Write("shop", "<html>", "<html>")), {.generation = 2});
  ASSERT_EQ(broken.findings.size(), 1u);
  EXPECT_EQ(broken.findings[0].severity(), manifests::Finding::ERROR);
  EXPECT_EQ(broken.findings[0].object(), "Secret default/shop");
  EXPECT_EQ(broken.findings[0].message().find("html"), std::string::npos);
  manifests::ChangeSet removal;
  for (const manifests::ObjectPtr& object : first.upserts) {
    if (object->key().name == "shop") removal.removals.push_back(object->key());
  }
  Result removed = Translate(state, removal, {.generation = 2});
  ASSERT_EQ(removed.findings.size(), 1u);
  EXPECT_EQ(removed.findings[0].code(), "E101");
  EXPECT_EQ(removed.findings[0].object(), "Gateway default/g");
}

TEST_F(Secrets, AreRefusedWithTheFieldWhereCertificateAndKeyDoNotBelongTogether) {
  TestCertificate one = ca_.Issue({.names = {"DNS:shop.test"}});
  TestCertificate other = ca_.Issue({.names = {"DNS:shop.test"}});
  TestCertificate weak = ca_.Issue({.names = {"DNS:shop.test"}, .key = TestCertificateOptions::Key::kRsa1024});
  const std::string garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(Said(Write("shop", one.cert, one.key), std::nullopt), IsEmpty());
  EXPECT_THAT(Said(Write("shop", one.cert, other.key), std::nullopt),
              ElementsAre("E140 stringData[\"tls.key\"] tls.key: key does not match certificate"));
  EXPECT_THAT(Said(Write("shop", garbage, one.key), std::nullopt),
              ElementsAre("E140 stringData[\"tls.crt\"] tls.crt: certificate 1 cannot be read"));
  EXPECT_THAT(Said(Write("shop", weak.cert, weak.key), std::nullopt),
              ElementsAre("E140 stringData[\"tls.key\"] tls.key: an RSA key of 1024 bits is too weak"));
}

TEST_F(Secrets, AreWarnedAboutWhenTheirCertificatesDoNotCountNow) {
  using std::chrono::hours;
  TestCertificate past = ca_.Issue({.names = {"DNS:shop.test"}, .begins = -hours(48), .ends = -hours(24)});
  TestCertificate future = ca_.Issue({.names = {"DNS:shop.test"}, .begins = hours(24), .ends = hours(48)});
  EXPECT_THAT(Said(Write("shop", past.cert, past.key), absl::Now()),
              ElementsAre(testing::StartsWith("W213 stringData[\"tls.crt\"] tls.crt: the certificate expired at 20")));
  EXPECT_THAT(Said(Write("shop", future.cert, future.key), absl::Now()),
              ElementsAre(testing::HasSubstr("tls.crt: the certificate does not count before 20")));
  EXPECT_THAT(Said(Write("shop", past.cert, past.key), std::nullopt), IsEmpty()) << "nobody said what time it is";
}

}  // namespace
}  // namespace penstock::translator
