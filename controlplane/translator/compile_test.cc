// What the translator makes, the data planes take: every test input and the examples compile, for each class of
// Gateways.
#include "dataplane/snapshot/compile.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/translate.h"
#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

namespace fs = std::filesystem;
using manifests::Cat;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<manifests::File> Inputs() {
  std::vector<manifests::File> files;
  for (const auto& entry : fs::directory_iterator("controlplane/translator/testdata")) {
    std::string name = entry.path().filename();
    if (name.ends_with(".in.yaml")) files.push_back({.name = name, .bytes = ReadFile(entry.path())});
  }
  std::string examples;
  for (const auto& entry : fs::directory_iterator("api/manifests/v1/examples")) {
    manifests::Append(examples, ReadFile(entry.path()), "\n---\n");
  }
  files.push_back({.name = "examples", .bytes = examples});
  return files;
}

std::set<std::string> ClassesOf(const StatePtr& state) {
  std::set<std::string> classes;
  for (const auto& [name, gateway] : *AllGateways(state)) classes.insert(gateway.gateway_class);
  return classes;
}

// The problems of one class, told about the manifests.
std::string Problems(const StatePtr& state, const std::string& gateway_class) {
  snapshot::Delta delta;
  for (const ResourcePtr& resource : ResourcesOf(state, {.gateway_class = gateway_class, .labels = {}})) {
    delta.upserts.push_back({resource->type_url, resource->name, resource->version, resource->bytes});
  }
  std::string text;
  for (const snapshot::ResourceProblem& problem : snapshot::Compile(nullptr, delta).problems) {
    manifests::Finding finding = FindingOf(state, problem);
    manifests::Append(text, finding.line(), ": ", finding.object(), ": ", finding.path(), ": ", finding.message(), " [",
                      finding.code(), "]\n");
  }
  return text;
}

TEST(Compile, TakesWhatTheTranslatorMakesWithoutErrors) {
  int compiled = 0;
  for (const manifests::File& file : Inputs()) {
    manifests::ParseResult parsed = manifests::Parse({&file, 1});
    bool allow = file.bytes.starts_with("# allow-unresolved") || file.name.starts_with("cross_namespace");
    Result result =
        Translate(nullptr, manifests::ChangeSet{parsed.objects, {}}, {.generation = 1, .allow_unresolved = allow});
    if (manifests::HasErrors(parsed.findings) || manifests::HasErrors(result.findings)) continue;
    for (const std::string& gateway_class : ClassesOf(result.state)) {
      EXPECT_EQ(Problems(result.state, gateway_class), "") << file.name << " class " << gateway_class;
      ++compiled;
    }
  }
  EXPECT_GE(compiled, 9);
}

TEST(Compile, TellsItsProblemsAboutTheManifest) {
  manifests::File file{.name = "a.yaml", .bytes = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g}
spec: {gatewayClassName: default, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: g}]
  rules:
  - backendRefs: [{name: b}]
    matches:
    - path: {type: RegularExpression, value: "/a(b"}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: b}
spec: {endpoints: [{address: 10.0.0.1, port: 80}]}
)"};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  Result result = Translate(nullptr, manifests::ChangeSet{parsed.objects, {}}, {.generation = 1});
  ASSERT_FALSE(manifests::HasErrors(result.findings));
  std::string problems = Problems(result.state, "default");
  EXPECT_TRUE(problems.starts_with("15: HTTPRoute default/r: spec.rules[0].matches[0].path.value: ")) << problems;
}

}  // namespace
}  // namespace penstock::translator
