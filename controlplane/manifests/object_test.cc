#include "controlplane/manifests/object.h"

#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/codes.h"
#include "controlplane/manifests/finding.h"
#include "controlplane/manifests/nearest.h"
#include "gtest/gtest.h"

namespace penstock::manifests {
namespace {

Finding At(uint32_t line, std::string code, Finding::Severity severity = Finding::ERROR) {
  Finding finding;
  finding.set_file("a.yaml");
  finding.set_line(line);
  finding.set_code(code);
  finding.set_severity(severity);
  return finding;
}

TEST(SourceMap, FindsAFieldOrTheNearestWrittenFieldAboveIt) {
  SourceMap map(std::make_shared<const std::string>("a.yaml"));
  FieldPath path;
  map.Add(path.hash(), {1, 1, 4});
  path.PushField("metadata");
  path.PushField("labels");
  path.PushMapKey("app.kubernetes.io/name");
  EXPECT_EQ(path.text(), "metadata.labels[\"app.kubernetes.io/name\"]");
  map.Add(path.hash(), {3, 5, 6});
  map.Seal();

  EXPECT_EQ(map.Find("metadata.labels[\"app.kubernetes.io/name\"]"), (Position{3, 5, 6}));
  EXPECT_EQ(map.Find("metadata.labels[\"other.io/name\"]"), (Position{1, 1, 4}));
  EXPECT_EQ(map.Find("spec.rules[0].name"), (Position{1, 1, 4}));
  EXPECT_EQ(SourceMap().Find("spec"), Position());
}

TEST(FieldPath, ShrinksAsItGrew) {
  FieldPath path;
  path.PushField("spec");
  FieldPath::Mark rules = path.PushField("rules");
  path.PushIndex(12);
  EXPECT_EQ(path.text(), "spec.rules[12]");
  EXPECT_EQ(path.hash(), HashFieldPath("spec.rules[12]"));
  path.Pop(rules);
  EXPECT_EQ(path.text(), "spec");
  EXPECT_EQ(path.hash(), HashFieldPath("spec"));
}

TEST(Nearest, FindsSlipsAndNothingElse) {
  std::vector<std::string_view> fields = {"backendRefs", "matches", "filters", "timeouts", "name"};
  EXPECT_EQ(Nearest("backendRef", fields), "backendRefs");
  EXPECT_EQ(Nearest("backend_refs", fields), "backendRefs");
  EXPECT_EQ(Nearest("BACKENDREFS", fields), "backendRefs");
  EXPECT_EQ(Nearest("macthes", fields), "matches");
  EXPECT_EQ(Nearest("hostnames", fields), "");
  EXPECT_EQ(Nearest("", fields), "");
}

TEST(Kinds, AreFoundByEveryNamePeopleType) {
  for (const char* name :
       {"HTTPRoute", "httproute", "httproutes", "HTTPRoutes", "route", "httproutes.gateway.networking.k8s.io"}) {
    ASSERT_NE(BuiltInKinds().FindByAnyName(name), nullptr) << name;
    EXPECT_EQ(BuiltInKinds().FindByAnyName(name)->name, "HTTPRoute");
  }
  EXPECT_EQ(BuiltInKinds().FindByAnyName("httproutes.example.com"), nullptr);
  EXPECT_EQ(BuiltInKinds().Find("", "HTTPRoute"), nullptr);
  EXPECT_EQ(BuiltInKinds().Nearest("HtpRoute"), "HTTPRoute");
  EXPECT_EQ(BuiltInKinds().Find("gateway.networking.k8s.io", "Gateway")->ApiVersion(), "gateway.networking.k8s.io/v1");
  EXPECT_EQ(BuiltInKinds().Find("", "Secret")->ApiVersion(), "v1");
}

TEST(Object, ComesBackFromItsStoredBytes) {
  auto message = std::make_unique<v1::Backend>();
  message->mutable_metadata()->set_name("users");
  message->mutable_metadata()->set_namespace_("shop");
  (*message->mutable_metadata()->mutable_labels())["set"] = "shop";
  message->mutable_spec()->add_endpoints()->set_address("10.0.0.11");
  Object object(*BuiltInKinds().Find("penstock.dev", "Backend"), std::move(message));
  EXPECT_EQ(object.key().ToString(), "Backend shop/users");
  EXPECT_NE(object.As<v1::Backend>(), nullptr);
  EXPECT_EQ(object.As<v1::Secret>(), nullptr);

  absl::StatusOr<ObjectPtr> back = Object::FromBytes(BuiltInKinds(), object.key(), object.CanonicalBytes());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(SameContents(object, **back));

  ObjectKey other = object.key();
  other.name = "orders";
  EXPECT_EQ(Object::FromBytes(BuiltInKinds(), other, object.CanonicalBytes()).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_FALSE(Object::FromBytes(BuiltInKinds(), object.key(), "\xff\xff").ok());
}

TEST(Selector, MatchesLabels) {
  auto message = std::make_unique<v1::Backend>();
  message->mutable_metadata()->set_name("users");
  (*message->mutable_metadata()->mutable_labels())["set"] = "shop";
  Object object(*BuiltInKinds().Find("penstock.dev", "Backend"), std::move(message));
  for (const char* yes : {"", "set=shop", "set==shop", "set", "set!=other", "tier!=gold", " set = shop , tier!=gold"}) {
    EXPECT_TRUE(MatchesSelector(object, yes).value()) << yes;
  }
  for (const char* no : {"set=other", "tier", "tier=", "set!=shop", "set=shop,tier=gold"}) {
    EXPECT_FALSE(MatchesSelector(object, no).value()) << no;
  }
  EXPECT_FALSE(MatchesSelector(object, "set in (shop)").ok());
}

TEST(Findings, AreSortedByPlaceAndCappedWithErrorsFirst) {
  std::vector<Finding> findings;
  for (uint32_t line = 1; line <= 60; ++line) findings.push_back(At(line, "W201", Finding::WARNING));
  findings.push_back(At(99, "E011"));
  SortAndCap(findings);

  ASSERT_EQ(findings.size(), 51u);
  EXPECT_EQ(findings.front().line(), 1u);
  EXPECT_EQ(findings[49].code(), "E011");
  EXPECT_EQ(findings[50].message(), "and 11 more");

  for (uint32_t line = 1; line <= 3; ++line) findings.push_back(At(100 + line, "E012"));
  SortAndCap(findings);
  EXPECT_EQ(findings.size(), 51u);
  EXPECT_EQ(findings.back().message(), "and 14 more");
}

TEST(Findings, TellAFieldOnlyItsFirstError) {
  Finding schema = At(3, "E014");
  schema.set_object("HTTPRoute default/a");
  schema.set_path("spec.rules[0].name");
  Finding reference = schema;
  reference.set_code("E101");
  std::vector<Finding> findings = {reference, schema};
  SortAndCap(findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code(), "E014");
}

TEST(Codes, NearAUnknownOneAreThoseOfItsLetterWithTheNearestNumbers) {
  using Near = std::vector<std::string_view>;
  EXPECT_EQ(CodesNear("E9999"), (Near{"E301", "E302", "E303"}));
  EXPECT_EQ(CodesNear("e100"), (Near{"E101", "E102", "E103"}));
  EXPECT_EQ(CodesNear("N9"), (Near{"N001", "N002"}));
  for (std::string_view none : {"", "E", "X100", "E-1", "gateway"}) EXPECT_EQ(CodesNear(none), Near()) << none;
}

}  // namespace
}  // namespace penstock::manifests
