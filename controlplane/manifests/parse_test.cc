#include "controlplane/manifests/parse.h"

#include <algorithm>

#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "api/manifests/v1/gateway.pb.h"
#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/manifests/finding_sink.h"
#include "controlplane/manifests/text.h"
#include "controlplane/manifests/yaml_reader.h"
#include "gtest/gtest.h"

namespace penstock::manifests {
namespace {

ParseResult ParseText(std::string text) {
  File file{.name = "a.yaml", .bytes = std::move(text)};
  return Parse({&file, 1});
}

// "3:5 E010 spec.ruls" for each finding.
std::vector<std::string> Short(const ParseResult& result) {
  std::vector<std::string> lines;
  for (const Finding& f : result.findings) {
    lines.push_back(Cat(f.line(), ":", f.column(), " ", f.code(), f.path().empty() ? "" : " ", f.path()));
  }
  return lines;
}

std::string Backend(std::string_view spec) {
  return Cat("apiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: users}\nspec: ", spec, "\n");
}

std::string Route(std::string_view rule) {
  return Cat(
      "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: [{name: "
      "shop}]\n  rules:\n",
      rule, "\n");
}

// The only finding of a text.
Finding Only(std::string text) {
  ParseResult result = ParseText(std::move(text));
  EXPECT_EQ(result.findings.size(), 1u);
  for (const Finding& f : result.findings) SCOPED_TRACE(f.ShortDebugString());
  if (result.findings.size() != 1) {
    for (const Finding& f : result.findings) ADD_FAILURE() << f.ShortDebugString();
  }
  return result.findings.empty() ? Finding() : result.findings[0];
}

TEST(Parse, ReadsTheShop) {
  ParseResult result = ParseText(R"(# The shop
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: shop}
spec:
  gatewayClassName: default
  listeners:
  - {name: http, protocol: HTTP, port: 8080}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: products, namespace: team, labels: {set: shop}}
spec:
  parentRefs: [{name: shop}]
  rules:
  - name: catalog
    matches: [{path: {type: PathPrefix, value: /products}, method: GET}]
    timeouts: {request: 2s}
    backendRefs:
    - {name: products-v1, port: 8082, weight: 90}
    - {name: products-v2, port: 8082, weight: 10}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: users}
spec: {endpoints: [{address: 10.0.0.11, port: 8081}, {address: 10.0.0.12, port: 8081}]}
)");
  EXPECT_EQ(Short(result), std::vector<std::string>{});
  ASSERT_EQ(result.objects.size(), 3u);
  EXPECT_EQ(result.objects[0]->key().ToString(), "Gateway default/shop");
  EXPECT_EQ(result.objects[1]->key().ToString(), "HTTPRoute team/products");
  EXPECT_EQ(result.objects[1]->Labels().at("set"), "shop");
  const auto* route = result.objects[1]->As<v1::HTTPRoute>();
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->api_version(), "gateway.networking.k8s.io/v1");
  EXPECT_EQ(route->spec().rules(0).backend_refs(1).weight(), 10);
  EXPECT_EQ(route->spec().rules(0).matches(0).path().value(), "/products");
  const SourceMap& source = result.objects[1]->source();
  EXPECT_EQ(source.file(), "a.yaml");
  EXPECT_EQ(source.Find("spec.rules[0].backendRefs[1].name"), (Position{21, 14, 11}));
  EXPECT_EQ(source.Find("spec.rules[0].matches[0].path.value"), (Position{17, 48, 9}));
  EXPECT_EQ(source.Find("metadata.labels.set"), (Position{12, 59, 4}));
}

TEST(Parse, ReadsJsonAndLists) {
  ParseResult result = ParseText(R"({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"tls.key": "aGFsbG8="}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"x": "1"}}]})");
  EXPECT_EQ(Short(result), std::vector<std::string>{});
  ASSERT_EQ(result.objects.size(), 2u);
  EXPECT_EQ(result.objects[0]->As<v1::Secret>()->data().at("tls.key"), "hallo");
  EXPECT_EQ(result.objects[1]->As<v1::ConfigMap>()->data().at("x"), "1");
}

TEST(Parse, TellsAllErrorsAtOnceInTheOrderOfTheFile) {
  ParseResult result = ParseText(R"(apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: Products}
spec:
  parentRef: [{name: shop}]
  rules:
  - matches: [{path: {type: Prefix, value: /a}}]
    backendRefs:
    - {port: 0, weight: "90"}
    retry: {attempts: 2}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: b}
spec:
	endpoints: []
---
apiVersion: penstock.dev/v1
kind: Backand
metadata: {name: b}
)");
  EXPECT_EQ(Short(result), (std::vector<std::string>{
                               "3:18 E015 metadata.name",
                               "5:3 E010 spec.parentRef",
                               "7:29 E014 spec.rules[0].matches[0].path.type",
                               "9:7 E011 spec.rules[0].backendRefs[0].name",
                               "9:14 E016 spec.rules[0].backendRefs[0].port",
                               "9:25 E013 spec.rules[0].backendRefs[0].weight",
                               "10:5 E012 spec.rules[0].retry",
                               "16:1 E001",
                               "19:7 E008 kind",
                           }));
  EXPECT_EQ(result.findings[1].suggestion(), "did you mean \"parentRefs\"?");
  EXPECT_EQ(result.findings[2].message(), "unknown value \"Prefix\"; one of Exact, PathPrefix, RegularExpression");
  EXPECT_EQ(result.findings[2].object(), "HTTPRoute default/Products");
  EXPECT_EQ(result.findings[8].suggestion(), "did you mean \"Backend\"?");
}

TEST(Parse, KeepsABrokenObjectForTheCheckOfItsReferences) {
  ParseResult result = ParseText(Route("  - backendRefs: [{name: a, port: http}, {name: b, port: 80}]"));
  ASSERT_EQ(result.objects.size(), 1u);
  EXPECT_TRUE(result.objects[0]->has_errors());
  const auto* route = result.objects[0]->As<v1::HTTPRoute>();
  EXPECT_EQ(route->spec().rules(0).backend_refs_size(), 2);
  EXPECT_FALSE(route->spec().rules(0).backend_refs(0).has_port());
}

struct TrapCase {
  const char* text;
  const char* place;
  const char* says;  // part of the message or the suggestion
};

TEST(YamlTraps, GetTheirOwnHint) {
  const TrapCase cases[] = {
      {"a: {id: top, path: /products?sort=top}\n", "1:20 E001", "quote the value"},
      {"a:\n\tb: c\n", "2:1 E001", "spaces only"},
      {"a:\n  - b: c\n\t  d: e\n", "3:1 E001", "spaces only"},
      {"name: x\nport:8080\nz: 1\n", "2:1 E001", "space is missing after the colon"},
      {"hostname: *.example.com\n", "1:11 E001", "quote the value: \"*.example.com\""},
      {"hostnames: [*.example.com]\n", "1:13 E001", "quote the value: \"*.example.com\""},
      {"a: @x\n", "1:4 E001", "quote the value"},
      {"a: b: c\n", "1:5 E001", "must be quoted"},
      {"a: - b\n", "1:4 E001", "line of its own"},
      {"a: \"x\nb: c\n", "1:4 E001", "never closed"},
      {"a: [1, 2\n", "2:1 E001", "never closed"},
      {"a: {b: c}}\n", "1:10 E001", "without its opening"},
      {"a:\n  b: c\n d: e\n", "3:2 E001", "indentation"},
      {"a: !!str 5\n", "1:4 E006", "tags"},
      {"<<: {a: b}\n", "1:1 E006", "merge keys"},
      {"? [x]\n: c\n", "1:3 E006", "keys are plain words"},
      {"a: 1\na: 2\n", "2:1 E005", "first is in line 1"},
      {"just text\n", "1:1 E007", "must be an object"},
  };
  for (const TrapCase& c : cases) {
    ParseResult result = ParseText(c.text);
    ASSERT_FALSE(result.findings.empty()) << c.text;
    std::vector<std::string> places = Short(result);
    EXPECT_NE(std::find(places.begin(), places.end(), c.place), places.end())
        << c.text << testing::PrintToString(places);
    std::string all;
    for (const Finding& f : result.findings) Append(all, f.message(), " ", f.suggestion(), "\n");
    EXPECT_NE(all.find(c.says), std::string::npos) << c.text << all;
  }
}

TEST(YamlScalars, FollowYaml12AndNotYaml11) {
  ParseResult result = ParseText(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
      "data: {a: no, b: on, c: 2026-01-01, d: 1_000, e: 12:30:45, f: '012', g: y}\n");
  EXPECT_EQ(Short(result), std::vector<std::string>{});
  EXPECT_EQ(result.objects[0]->As<v1::ConfigMap>()->data().at("a"), "no");

  EXPECT_EQ(Only(Backend("{endpoints: [{address: 10.0.0.1, port: 010}]}")).code(), "E013");
  EXPECT_EQ(ParseText(Backend("{endpoints: [{address: 10.0.0.1, port: 0x50}]}"))
                .objects[0]
                ->As<v1::Backend>()
                ->spec()
                .endpoints(0)
                .port(),
            80);
}

TEST(Types, MustFitAndSayWhatToWrite) {
  Finding number = Only(Route("  - matches: [{headers: [{name: x-beta, value: 1}]}]"));
  EXPECT_EQ(number.message(), "must be text, not the number 1");
  EXPECT_EQ(number.suggestion(), "quote it: \"1\"");
  Finding duration = Only(Route("  - timeouts: {request: 10}"));
  EXPECT_EQ(duration.suggestion(), "write a unit: 10s");
  Finding list = Only(Route("  - backendRefs: {name: a}"));
  EXPECT_EQ(list.message(), "must be a list, not a map");
  Finding quoted = Only(Route("  - backendRefs: [{name: a, port: \"80\"}]"));
  EXPECT_EQ(quoted.suggestion(), "remove the quotes");
  Finding colon = Only(Backend("\n  dns:8080"));
  EXPECT_EQ(colon.suggestion(), "a space is missing after the colon: write `name: value`");
  Finding range = Only(Route("  - backendRefs: [{name: a, port: 65536}]"));
  EXPECT_EQ(range.message(), "65536 is out of range; 1 to 65535");
  Finding format = Only(Route("  - timeouts: {request: 10 minutes}"));
  EXPECT_EQ(format.code(), "E015");
  Finding year = Only(
      "apiVersion: penstock.dev/v1\nkind: ApiKey\nmetadata: {name: a}\nspec:\n  consumer: a\n"
      "  sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\n"
      "  expires: \"13434-11-11T10:47:09Z\"\n");
  EXPECT_EQ(year.code(), "E015");
}

TEST(Parse, TakesAnObjectOfAnInvalidNamespaceForNoOther) {
  ParseResult result = ParseText(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\n"
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: Bad_NS}\n---\n"
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: [b]}\n");
  EXPECT_EQ(Short(result), (std::vector<std::string>{"7:32 E015 metadata.namespace", "11:32 E013 metadata.namespace"}));
  ASSERT_EQ(result.objects.size(), 1u);
  EXPECT_EQ(result.objects[0]->key().ns, "default");
}

TEST(Rules, AreChecked) {
  EXPECT_EQ(Only(Backend("{endpoints: [{address: shop.example, port: 80}]}")).code(), "E015");
  EXPECT_EQ(Only(Backend("{}")).code(), "E019");
  EXPECT_EQ(Only(Backend("{endpoints: [], dns: {name: a.b, port: 1}}")).code(), "E019");
  EXPECT_EQ(ParseText(Backend("{endpoints: []}")).findings.size(), 0u);
  EXPECT_EQ(Only(Backend("")).code(), "E011");
  Finding needs = Only(Route("  - filters: [{type: URLRewrite}]"));
  EXPECT_EQ(needs.message(), "type URLRewrite needs the field urlRewrite");
  Finding belongs =
      Only(Route("  - filters: [{type: RequestHeaderModifier, requestHeaderModifier: {}, urlRewrite: {}}]"));
  EXPECT_EQ(belongs.path(), "spec.rules[0].filters[0].urlRewrite");
  Finding twice = Only(Route("  - matches: [{headers: [{name: x-a, value: b}, {name: x-a, value: c}]}]"));
  EXPECT_EQ(twice.code(), "E020");
  EXPECT_EQ(twice.path(), "spec.rules[0].matches[0].headers[1].name");
  const std::string cases = Route("  - matches: [{headers: [{name: X-a, value: b}, {name: x-A, value: c}]}]");
  EXPECT_EQ(ParseText(cases).findings.size(), 0u) << "the translator warns of equal headers";
  Finding ignored = Only("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, uid: xyz}\n");
  EXPECT_EQ(ignored.severity(), Finding::NOTE);
  Finding old = Only(
      "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: GatewayClass\nmetadata: {name: a}\nspec: {controllerName: "
      "x}\n");
  EXPECT_EQ(old.code(), "W210");
  Finding scoped = Only("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}\n");
  EXPECT_EQ(scoped.code(), "E022");
  Finding group = Only("apiVersion: gateway.networking.k8s.io/v1\nkind: Backend\nmetadata: {name: a}\n");
  EXPECT_EQ(group.suggestion(), "write penstock.dev/v1");
  Finding label = Only("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {'-x': y}}\n");
  EXPECT_EQ(label.code(), "E015");
}

TEST(Parse, RefusesTheSameObjectTwiceAcrossFiles) {
  std::vector<File> files = {{"a.yaml", Backend("{endpoints: []}")}, {"b.yaml", Backend("{endpoints: []}")}};
  ParseResult result = Parse(files);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].file(), "b.yaml");
  EXPECT_EQ(result.findings[0].message(), "this object was already written at a.yaml:1");
  EXPECT_EQ(result.objects.size(), 1u);
}

TEST(Secrets, AreNeverInAMessage) {
  ParseResult result = ParseText(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
      "data: {tls.key: 'hunter2!'}\nstringData: {a: [hunter2], b: 12345, c: true}\n");
  EXPECT_EQ(result.findings.size(), 4u);
  for (const Finding& f : result.findings) {
    EXPECT_EQ(f.ShortDebugString().find("hunter2"), std::string::npos);
    EXPECT_EQ(f.ShortDebugString().find("12345"), std::string::npos);
  }
}

TEST(HostileInput, BillionLaughsStopAtTheBudget) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    Append(text, "a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1, ", *a", i - 1, ", *a", i - 1, ", *a", i - 1, "]\n");
  }
  EXPECT_EQ(Only(text).code(), "E004");
}

TEST(HostileInput, ASelfAliasIsAnError) { EXPECT_EQ(Only("a: &x [1, *x]\n").code(), "E004"); }

TEST(HostileInput, DeepNestingIsAnError) {
  EXPECT_EQ(Only("a: " + std::string(100'000, '[')).severity(), Finding::ERROR);
  EXPECT_EQ(Only(std::string(100'000, '{')).severity(), Finding::ERROR);
  std::string wide = "a: " + std::string(65, '[') + std::string(65, ']');
  EXPECT_EQ(Only(wide).code(), "E004");
  std::string deep;
  for (int i = 0; i < 100; ++i) Append(deep, std::string(static_cast<size_t>(i), ' '), "a:\n");
  EXPECT_EQ(Only(deep + std::string(100, ' ') + "b: c").code(), "E004");
}

TEST(HostileInput, HugeAndBinaryFilesAreErrors) {
  EXPECT_EQ(Only(std::string((4u << 20) + 1, 'x')).code(), "E002");
  EXPECT_EQ(Only("a: \xff\n").code(), "E003");
  EXPECT_EQ(Only(std::string("a: \0b\n", 6)).code(), "E003");
  EXPECT_EQ(Only("a: b\rc: d\n").code(), "E003");
  std::string huge =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: \"" + std::string(2u << 20, 'x') + "\"}\n";
  EXPECT_EQ(Only(huge).code(), "E017");
}

// The only finding of reading YAML within limits that a test can reach.
Finding OnlyWithin(const YamlLimits& limits, const std::string& text) {
  FindingSink sink("a.yaml");
  ReadYaml(text, limits, sink, [](const Document&) {});
  std::vector<Finding> findings;
  sink.MoveTo(findings);
  EXPECT_EQ(findings.size(), 1u);
  return findings.empty() ? Finding() : findings[0];
}

TEST(HostileInput, AnAbyssOfBracketsIsRefusedBeforeItIsRead) {
  std::string maps;
  for (int i = 0; i < 20'000; ++i) maps += "{a: ";
  for (const std::string& text : {std::string(20'000, '['), maps}) {
    Finding finding = Only(text);
    EXPECT_EQ(finding.code(), "E004");
    EXPECT_EQ(finding.message(), "maps and lists nest deeper than 64 levels");
    EXPECT_EQ(finding.column(), text == maps ? 40'001u : 10'001u) << "where the count ended";
  }
}

TEST(HostileInput, BracketsInTextAreNoNesting) {
  std::string text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n";
  for (int i = 0; i < 100; ++i) Append(text, "    [[[[[[[[[[{{{{{{{{{{\n");
  EXPECT_EQ(ParseText(text).findings.size(), 0u);
}

TEST(HostileInput, ManyAnchorsAndAliasesStopAtTheBudget) {
  std::string text;
  for (int i = 0; i < 200; ++i) Append(text, "a", i, ": &a", i, " x\n");
  for (int i = 0; i < 200; ++i) Append(text, "b", i, ": *a", i, "\n");
  Finding finding = OnlyWithin({.max_alias_nodes = 100}, text);
  EXPECT_EQ(finding.code(), "E004");
  EXPECT_EQ(finding.line(), 301u) << "100 aliases are read, and no more";
}

TEST(HostileInput, ManyKeysStopAtTheBudget) {
  std::string text;
  for (int i = 0; i < 1000; ++i) Append(text, i, ": x\n");
  Finding finding = OnlyWithin({.max_nodes = 101}, text);
  EXPECT_EQ(finding.code(), "E004");
  EXPECT_EQ(finding.message(), "the document has more than 101 values");
  EXPECT_EQ(finding.line(), 51u) << "the map and 50 keys with their values are read, and no more";
}

TEST(HostileInput, OneGiganticScalarIsOneError) {
  const std::string gigantic(1200u << 10, 'x');
  const std::string head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: ";
  for (std::string text : {gigantic, head + gigantic, Cat(head, '"', gigantic, '"')}) {
    Finding finding = Only(text);
    EXPECT_TRUE(finding.code() == "E007" || finding.code() == "E017") << finding.ShortDebugString();
    EXPECT_LT(finding.ByteSizeLong(), 1000u);
  }
}

TEST(HostileInput, OnlyUtf8IsTextAndTheByteIsShown) {
  Finding latin = Only("a: b\n# \xC3\xA9t\xE9\n");
  EXPECT_EQ(latin.code(), "E003");
  EXPECT_EQ(latin.line(), 2u);
  EXPECT_EQ(latin.column(), 5u);
  EXPECT_EQ(latin.message(), "the byte \\xe9 is not UTF-8");
  EXPECT_EQ(Only("\xFF\xFE"
                 "a")
                .message(),
            "the byte \\xff is not UTF-8");
  EXPECT_EQ(Only("a: \xC2\x9B"
                 "2J\n")
                .message(),
            "the control character \\u009b is not text");
  EXPECT_EQ(Only("a: \x1B[2J\n").message(), "the control character \\x1b is not text");
}

TEST(Json, JoinsTheTwoEscapesOfOneCharacter) {
  ParseResult result = ParseText(
      R"({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "\uD83D\ude00 \\ud83d"}})");
  ASSERT_EQ(result.findings.size(), 0u);
  EXPECT_EQ(result.objects[0]->As<v1::ConfigMap>()->data().at("x"), "\xF0\x9F\x98\x80 \\ud83d");
}

TEST(Json, RefusesHalfASurrogatePair) {
  for (std::string_view half : {"\\ud800", "\\ud800x", "\\udc00\\ud800", "\\ud800\\u0041"}) {
    Finding finding = Only(Cat(R"({"apiVersion": "v1", "kind": ")", half, "\"}"));
    EXPECT_EQ(finding.code(), "E001");
    EXPECT_NE(finding.message().find("half a surrogate pair"), std::string::npos) << finding.message();
  }
}

TEST(HostileInput, ManyErrorsAreCapped) {
  std::string text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
  for (int i = 0; i < 5000; ++i) Append(text, "field", i, ": 1\n");
  ParseResult result = ParseText(text);
  EXPECT_EQ(result.findings.size(), 51u);
  EXPECT_EQ(result.findings.back().message(), "and 4950 more");
}

TEST(Parse, CountsColumnsInCharactersAndReadsWindowsFiles) {
  ParseResult result = ParseText(
      "\xEF\xBB\xBF# \xC3\xA9\r\napiVersion: v1\r\nkind: ConfigMap\r\nmetadata: {name: a}\r\ndata: {k\xC3\xA9y: "
      "\"\xC3\xA9\", b: 1}\r\n");
  EXPECT_EQ(Short(result), std::vector<std::string>{"5:21 E013 data.b"});
}

TEST(Parse, NamesNoUnknownFieldThatMayBeTheValueOfASecret) {
  ParseResult result =
      ParseText("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringdata: {}\nstringData:\n  k: |\nhunter2:\n");
  ASSERT_EQ(result.findings.size(), 2u);
  EXPECT_EQ(result.findings[0].message(), "unknown field \"stringdata\"");
  EXPECT_EQ(result.findings[1].line(), 7u);
  EXPECT_EQ(result.findings[1].message(), "unknown field");
  EXPECT_EQ(result.findings[1].path(), "");
}

TEST(Parse, ForgetsTheCopyOfASecretThatKubectlNotes) {
  const std::string annotations =
      "metadata: {name: a, annotations: {mine: kept, kubectl.kubernetes.io/last-applied-configuration: '{data: "
      "QQ==}'}}\n";
  ParseResult result = ParseText(
      Cat("apiVersion: v1\nkind: Secret\n", annotations, "---\napiVersion: v1\nkind: ConfigMap\n", annotations));
  ASSERT_EQ(result.objects.size(), 2u);
  EXPECT_EQ(result.objects[0]->Annotations(), (std::map<std::string, std::string>{{"mine", "kept"}}));
  EXPECT_EQ(result.objects[1]->Annotations().size(), 2u);
}

TEST(Parse, FillsInWhatManifestsNameInDataFromFiles) {
  File files[] = {{.name = "shop/cert.yaml",
                   .bytes = "apiVersion: v1\nkind: Secret\nmetadata: {name: cert}\n"
                            "data: {twice: QQ==}\nstringData: {again: A}\n"
                            "dataFromFiles:\n  tls.crt: pem/shop.crt\n  tls.key: pem/shop.key\n  twice: /x\n"
                            "  again: /x\n"},
                  {.name = "shop/pem/shop.crt", .bytes = "a: {not YAML", .attached = true},
                  {.name = "/x", .bytes = "x", .attached = true}};
  ParseResult result = Parse(files);
  EXPECT_EQ(result.attachments, (std::vector<std::string>{"/x", "shop/pem/shop.crt", "shop/pem/shop.key"}));
  ASSERT_EQ(result.objects.size(), 1u);
  const v1::Secret& secret = *result.objects[0]->As<v1::Secret>();
  EXPECT_EQ(secret.data().at("tls.crt"), "a: {not YAML");
  EXPECT_TRUE(secret.data_from_files().empty());
  ASSERT_EQ(result.findings.size(), 3u);
  EXPECT_EQ(result.findings[0].line(), 8u);
  EXPECT_EQ(result.findings[0].path(), "dataFromFiles[\"tls.key\"]");
  EXPECT_EQ(result.findings[0].message(), "the file \"shop/pem/shop.key\" cannot be read");
  EXPECT_EQ(result.findings[1].path(), "dataFromFiles.twice");
  EXPECT_EQ(result.findings[1].message(), "the value of \"twice\" is given twice");
  EXPECT_EQ(result.findings[2].path(), "dataFromFiles.again");
}

}  // namespace
}  // namespace penstock::manifests
