// What is said to who asks why something gets no traffic, and to who lets it happen.
#include "controlplane/translator/why.h"

#include "controlplane/manifests/origin.h"
#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/test_pem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

using manifests::Cat;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kRest[] = R"(---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: default
  listeners:
  - {name: http, protocol: HTTP, port: 80}
  - {name: asks, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: cert}]}}
  - {name: bare, protocol: HTTPS, port: 444, tls: {certificateRefs: [{name: gone}]}}
  - {name: open, protocol: HTTPS, port: 445, tls: {certificateRefs: [{name: cert}]}}
  tls:
    frontend:
      default: {}
      perPort: [{port: 443, tls: {validation: {caCertificateRefs: [{kind: ConfigMap, name: clients}]}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: web, sectionName: http}]
  rules: [{backendRefs: [{group: penstock.dev, kind: Backend, name: b}, {group: penstock.dev, kind: Backend, name: c}]}]
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: b}
spec: {endpoints: [{address: 10.0.0.1, port: 443}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: c}
spec: {endpoints: [{address: 10.0.0.1, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: b}
spec:
  targetRefs: [{group: penstock.dev, kind: Backend, name: b}]
  validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: backends}], hostname: b.test}
)";

class Why : public testing::Test {
 protected:
  Why() {
    TestCertificate pair = ca_.Issue({.names = {"DNS:a.test"}});
    manifests::File file{.name = "t.yaml",
                         .bytes = Cat("apiVersion: v1\nkind: Secret\nmetadata: {name: cert}\nstringData: {tls.crt: ",
                                      Quoted(pair.cert), ", tls.key: ", Quoted(pair.key), "}\n", kRest)};
    manifests::ParseResult parsed = manifests::Parse({&file, 1});
    EXPECT_TRUE(parsed.findings.empty()) << parsed.findings[0].ShortDebugString();
    result_ = Translate(nullptr, manifests::ChangeSet{parsed.objects, {}}, {.generation = 1, .allow_unresolved = true});
  }

  std::vector<std::string> Warnings() const {
    std::vector<std::string> warnings;
    for (const manifests::Finding& finding : result_.findings) {
      if (finding.severity() == manifests::Finding::WARNING && finding.code() == "E101")
        warnings.push_back(finding.message());
    }
    return warnings;
  }

  TestCa ca_;
  Result result_;
};

TEST_F(Why, SaysWhichListenersOfAPortAreNotServed) {
  EXPECT_THAT(UnservedListeners(result_.state, 443),
              ElementsAre("default/web/asks is not served: ConfigMap \"clients\" does not exist"));
  EXPECT_THAT(UnservedListeners(result_.state, 444),
              ElementsAre("default/web/bare is not served: Secret \"gone\" does not exist"));
  EXPECT_THAT(UnservedListeners(result_.state, 445), IsEmpty());
  EXPECT_THAT(UnservedListeners(nullptr, 443), IsEmpty());
}

TEST_F(Why, SaysWhyNobodyIsTrustedToBeABackend) {
  EXPECT_EQ(WhyNobodyIsTrusted(result_.state, "backend/default/b"), "ConfigMap \"backends\" does not exist");
  EXPECT_EQ(WhyNobodyIsTrusted(result_.state, "backend/default/c"), "");
  EXPECT_EQ(WhyNobodyIsTrusted(result_.state, "backend/default/none"), "");
  EXPECT_EQ(WhyNobodyIsTrusted(nullptr, "backend/default/b"), "");
}

constexpr char kPolicies[] = R"(
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: tokens}
spec:
  targetRefs: [{kind: Gateway, name: web}]
  ipFilter: {deny: [203.0.113.0/24]}
  apiKey: {}
  require: {allOf: [{anyOf: [apiKey]}]}
)";

StatePtr StateOf(const manifests::ObjectPtr& object) {
  return Translate(nullptr, manifests::ChangeSet{{object}, {}}, {.generation = 1, .allow_unresolved = true}).state;
}

TEST(WhereWritten, NamesTheLineOfTheFieldThatAPolicyIsMadeOf) {
  manifests::File file{.name = "shop/tokens.yaml", .bytes = kPolicies};
  const manifests::ObjectPtr written = manifests::Parse({&file, 1}).objects.at(0);
  // The same as it comes from a store.
  const manifests::ObjectPtr stored =
      *manifests::Object::FromBytes(manifests::BuiltInKinds(), written->key(), written->CanonicalBytes(),
                                    manifests::DecodeOrigin(manifests::EncodeOrigin(*written)));
  for (const manifests::ObjectPtr& object : {written, stored}) {
    const StatePtr state = StateOf(object);
    auto where = [&](std::string_view type) { return WhereWritten(state, type, "SecurityPolicy default/tokens"); };
    EXPECT_EQ(where("address_filter"), "shop/tokens.yaml:7");
    EXPECT_EQ(where("api_key"), "shop/tokens.yaml:8");
    EXPECT_EQ(where("authentication"), "shop/tokens.yaml:9") << "what asks for the proof";
    EXPECT_EQ(WhereWritten(state, "jwt", "SecurityPolicy default/gone"), "");
    EXPECT_EQ(WhereWritten(state, "jwt", ""), "");
  }
}

TEST(WhereWritten, IsSilentWhereNobodyKnows) {
  manifests::File file{.name = "shop/tokens.yaml", .bytes = kPolicies};
  const manifests::ObjectPtr written = manifests::Parse({&file, 1}).objects.at(0);
  const manifests::ObjectPtr stored =
      *manifests::Object::FromBytes(manifests::BuiltInKinds(), written->key(), written->CanonicalBytes());
  EXPECT_EQ(WhereWritten(StateOf(stored), "api_key", "SecurityPolicy default/tokens"), "");
  EXPECT_EQ(WhereWritten(nullptr, "api_key", "SecurityPolicy default/tokens"), "");
}

TEST_F(Why, WarnsOfWhatBecomesOfTheTraffic) {
  EXPECT_THAT(Warnings(), Contains("ConfigMap \"clients\" does not exist; without it no client can be trusted, and the "
                                   "HTTPS listeners that it is for are not served"));
  EXPECT_THAT(Warnings(), Contains("Secret \"gone\" does not exist; without it the listener is not served"));
  EXPECT_THAT(Warnings(), Contains("ConfigMap \"backends\" does not exist; without it nobody can be trusted to be the "
                                   "backend, and requests to it get 503 (no_endpoints)"));
}

}  // namespace
}  // namespace penstock::translator
