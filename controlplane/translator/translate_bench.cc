// What one changed route costs beside many others, and what translating all of them at once costs.
#include <benchmark/benchmark.h>

#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/translate.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

manifests::ObjectPtr ParseOne(const std::string& yaml) {
  manifests::File file{.name = "t.yaml", .bytes = yaml};
  return manifests::Parse({&file, 1}).objects.at(0);
}

manifests::ObjectPtr Route(int64_t i, int64_t variant) {
  return ParseOne(Cat("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r", i,
                      "}\nspec:\n  parentRefs: [{name: g}]\n  hostnames: [h", i % 100,
                      ".test]\n  rules: [{matches: [{path: {value: /v", variant, "/r", i, "}}], backendRefs: [{name: b",
                      i % 50, "}]}]\n"));
}

manifests::ChangeSet Everything(int64_t routes) {
  manifests::ChangeSet changes;
  changes.upserts.push_back(
      ParseOne("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n  "
               "gatewayClassName: default\n  "
               "listeners: [{name: l, protocol: HTTP, port: 80}]\n"));
  for (int i = 0; i < 50; ++i) {
    changes.upserts.push_back(ParseOne(Cat("apiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: b", i,
                                           "}\nspec: {endpoints: [{address: 10.0.0.1, port: 80}]}\n")));
  }
  for (int64_t i = 0; i < routes; ++i) changes.upserts.push_back(Route(i, 0));
  return changes;
}

void OneRouteChanges(benchmark::State& bench) {
  StatePtr state = Translate(nullptr, Everything(bench.range(0)), {.generation = 1}).state;
  manifests::ChangeSet changes[2];
  for (int i = 0; i < 2; ++i) changes[i].upserts.push_back(Route(bench.range(0) / 2, i + 1));
  uint64_t generation = 1;
  for (auto _ : bench) {
    ++generation;
    state = Translate(state, changes[generation % 2], {.generation = generation}).state;
  }
}
BENCHMARK(OneRouteChanges)->Arg(100)->Arg(5'000)->Arg(50'000)->Unit(benchmark::kMicrosecond);

void AllAtOnce(benchmark::State& bench) {
  manifests::ChangeSet changes = Everything(bench.range(0));
  for (auto _ : bench) benchmark::DoNotOptimize(Translate(nullptr, changes, {.generation = 1}));
}
BENCHMARK(AllAtOnce)->Arg(5'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penstock::translator
