#include "controlplane/translator/plan.h"

#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

using manifests::Cat;
using manifests::ObjectPtr;
using testing::ElementsAre;
using testing::IsEmpty;

ObjectPtr ParseOne(std::string yaml) {
  manifests::File file{.name = "a.yaml", .bytes = std::move(yaml)};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  EXPECT_TRUE(parsed.findings.empty()) << parsed.findings[0].ShortDebugString();
  return parsed.objects.at(0);
}

ObjectPtr Route(std::string_view rules, std::string_view spec = "parentRefs: [{name: shop}]") {
  return ParseOne(Cat("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  ", spec,
                      "\n  rules:\n", rules, "\n"));
}

TEST(DescribeChange, SaysWhichWeightsMove) {
  ObjectPtr before = Route("  - {name: catalog, backendRefs: [{name: products-v1, port: 8082, weight: 100}]}");
  ObjectPtr after = Route(
      "  - {name: catalog, backendRefs: [{name: products-v1, port: 8082, weight: 90}, {name: products-v2, port: 8082, "
      "weight: 10}]}");
  EXPECT_THAT(DescribeChange(before.get(), after.get()),
              ElementsAre("rule \"catalog\": weights products-v1 100 -> 90, products-v2 + 10"));
  EXPECT_THAT(DescribeChange(after.get(), before.get()),
              ElementsAre("rule \"catalog\": weights products-v1 90 -> 100, products-v2 - 10"));
}

TEST(DescribeChange, SaysNothingAboutWhatIsTheSame) {
  ObjectPtr route = Route("  - {name: a, backendRefs: [{name: b}]}");
  EXPECT_THAT(DescribeChange(route.get(), route.get()), IsEmpty());
}

TEST(DescribeChange, FollowsNamedRulesWhereverTheyStand) {
  ObjectPtr before = Route(
      "  - {name: a, backendRefs: [{name: b}]}\n  - {name: c, matches: [{path: {value: /c}}], backendRefs: [{name: "
      "b}]}");
  ObjectPtr after = Route(
      "  - {name: c, matches: [{path: {value: /d}, method: GET}], backendRefs: [{name: b}], timeouts: {request: 2s}}\n"
      "  - {name: e, matches: [{path: {type: Exact, value: /e}, headers: [{name: x, value: y}]}], backendRefs: [{name: "
      "b, port: 80}]}");
  EXPECT_THAT(DescribeChange(before.get(), after.get()),
              ElementsAre("rule \"c\": matches: + {path: {value: /d}, method: GET}, - {path: {value: /c}}",
                          "rule \"c\": timeouts.request: (unset) -> 2s", "rule \"e\": + Exact /e header x=y -> b:80",
                          "rule \"a\": - PathPrefix / -> b"));
}

TEST(DescribeRoute, SaysWhatRoutesOfEveryKindDo) {
  auto text = [](std::string version, std::string kind, std::string spec) {
    return DescribeRoute(ParseOne(Cat("apiVersion: gateway.networking.k8s.io/", version, "\nkind: ", kind,
                                      "\nmetadata: {name: r}\nspec: ", spec, "\n"))
                             .get());
  };
  EXPECT_THAT(text("v1", "GRPCRoute",
                   "{rules: [{matches: [{method: {service: a.B, method: C}, headers: [{name: x, value: y}]}, {method: "
                   "{service: a.D}}], backendRefs: [{name: b, port: 80}]}, {name: rest}]}"),
              ElementsAre("rules[0]: a.B/C header x=y | a.D/* -> b:80",
                          "rule \"rest\": every call -> UNAVAILABLE (no backendRefs)"));
  EXPECT_THAT(text("v1", "TLSRoute", "{hostnames: [a.test], rules: [{backendRefs: [{name: b, port: 80}]}]}"),
              ElementsAre("rules[0]: every connection -> b:80"));
  EXPECT_THAT(text("v1alpha2", "TCPRoute", "{rules: [{backendRefs: [{name: b, weight: 3}, {name: c}]}]}"),
              ElementsAre("rules[0]: every connection -> b 3, c 1"));
}

TEST(DescribeChange, SaysWhichWeightsOfALayer4RouteMove) {
  auto route = [](std::string_view weight) {
    return ParseOne(
        Cat("apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: {name: r}\nspec: "
            "{rules: [{name: all, backendRefs: [{name: b, weight: ",
            weight, "}, {name: c}]}]}\n"));
  };
  ObjectPtr before = route("3");
  ObjectPtr after = route("4");
  EXPECT_THAT(DescribeChange(before.get(), after.get()), ElementsAre("rule \"all\": weights b 3 -> 4"));
}

TEST(DescribeChange, ComparesTheRestOfARoute) {
  ObjectPtr before = Route("  - {backendRefs: [{name: b, port: 80}]}", "hostnames: [a.test, b.test]");
  ObjectPtr after = Route("  - {backendRefs: [{name: b, port: 81}]}", "hostnames: [a.test, c.test]");
  EXPECT_THAT(DescribeChange(before.get(), after.get()),
              ElementsAre("rules[0]: backendRefs[b].port: 80 -> 81", "spec.hostnames: + c.test, - b.test"));
}

TEST(DescribeChange, ComparesOtherKindsFieldByField) {
  auto gateway = [](std::string_view listeners) {
    return ParseOne(
        Cat("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {gatewayClassName: "
            "default, listeners: [",
            listeners, "]}\n"));
  };
  ObjectPtr before = gateway("{name: a, protocol: HTTP, port: 80}, {name: b, protocol: HTTP, port: 81}");
  ObjectPtr after =
      gateway("{name: a, protocol: HTTP, port: 8080, hostname: x.test}, {name: c, protocol: HTTP, port: 82}");
  EXPECT_THAT(DescribeChange(before.get(), after.get()),
              ElementsAre("spec.listeners[a].hostname: (unset) -> x.test", "spec.listeners[a].port: 80 -> 8080",
                          "spec.listeners: - {name: b, port: 81, protocol: HTTP}",
                          "spec.listeners: + {name: c, port: 82, protocol: HTTP}"));
}

TEST(DescribeChange, ListsEndpointsThatCameAndWent) {
  auto backend = [](std::string_view endpoints) {
    return ParseOne(
        Cat("apiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: b}\nspec: {endpoints: [", endpoints, "]}\n"));
  };
  ObjectPtr before = backend("{address: 10.0.0.1, port: 80}, {address: 10.0.0.2, port: 80}");
  ObjectPtr after = backend("{address: 10.0.0.2, port: 80}, {address: 10.0.0.3, port: 80, weight: 0}");
  EXPECT_THAT(
      DescribeChange(before.get(), after.get()),
      ElementsAre("spec.endpoints: + {address: 10.0.0.3, port: 80, weight: 0}, - {address: 10.0.0.1, port: 80}"));
}

TEST(DescribeChange, ShowsSomeOfManyItemsAndNoBytes) {
  auto text = [](const std::string& value, const std::string& bytes) {
    return ParseOne(Cat("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {long: \"", value,
                        "\"}\nbinaryData: {b: ", bytes, "}\n"));
  };
  std::string umlauts;
  for (int i = 0; i < 60; ++i) umlauts += "\u00fc";
  ObjectPtr before = text("a", "AAEC");
  ObjectPtr after = text("x" + umlauts, "/////w==");
  std::string shown = "x";
  for (int i = 0; i < 39; ++i) shown += "\u00fc";
  EXPECT_THAT(DescribeChange(before.get(), after.get()),
              ElementsAre(Cat("data: + {key: long, value: ", shown, "...}, - {key: long, value: a}"),
                          "binaryData: + {key: b, value: (4 bytes)}, - {key: b, value: (3 bytes)}"));
  // Equal to the eye, but not the same.
  ObjectPtr other = text("x" + umlauts + "!", "/////g==");
  EXPECT_EQ(DescribeChange(after.get(), other.get()).size(), 2u);
}

TEST(DescribeChange, KeepsSecretsSecret) {
  auto secret = [](std::string_view value) {
    return ParseOne(Cat("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: ", value, "}\n"));
  };
  ObjectPtr before = secret("hunter2");
  ObjectPtr after = secret("hunter3");
  EXPECT_THAT(DescribeChange(before.get(), after.get()), ElementsAre("stringData: changed (not shown)"));
}

TEST(DescribeChange, StopsSomewhere) {
  auto route = [](int from) {
    std::string rules;
    for (int i = 0; i < 80; ++i) rules += Cat("  - {name: n", from + i, ", backendRefs: [{name: b}]}\n");
    return Route(rules);
  };
  ObjectPtr before = route(0);
  ObjectPtr after = route(100);
  std::vector<std::string> lines = DescribeChange(before.get(), after.get());
  ASSERT_EQ(lines.size(), kMaxPlanLines + 1);
  EXPECT_EQ(lines.back(), "and 110 more differences");
}

TEST(DescribeRoute, SaysWhatEachRuleDoes) {
  ObjectPtr route = Route(
      "  - {name: catalog, matches: [{path: {value: /products}, method: GET}], backendRefs: [{name: v1, port: 8082, "
      "weight: 90}, {name: v2, "
      "port: 8082, weight: 10}]}\n"
      "  - {matches: [{path: {value: /a}}, {path: {value: /b}}], filters: [{type: RequestRedirect, requestRedirect: "
      "{scheme: https, hostname: "
      "x.test, statusCode: 301}}]}\n");
  EXPECT_THAT(DescribeRoute(route.get()),
              ElementsAre("rule \"catalog\": PathPrefix /products GET -> v1:8082 90, v2:8082 10",
                          "rules[1]: PathPrefix /a | PathPrefix /b -> redirect 301 https://x.test"));
  EXPECT_THAT(DescribeRoute(nullptr), IsEmpty());
  EXPECT_EQ(DescribeChange(nullptr, route.get()), DescribeRoute(route.get()));
}

}  // namespace
}  // namespace penstock::translator
