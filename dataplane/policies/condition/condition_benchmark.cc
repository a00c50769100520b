// What a rule by path costs to allow and to deny by, with and without escapes in the path of the request.
#include <benchmark/benchmark.h>

#include <string>

#include "dataplane/policies/condition/condition.h"
#include "dataplane/policies/condition/testing.h"

namespace penstock::policies {
namespace {

void Ask(benchmark::State& state, const std::string& path, Use use) {
  xds::v1::Condition config;
  for (const char* prefix : {"/admin", "/users/all:now", "/internal/metrics"}) config.add_paths()->set_prefix(prefix);
  Condition condition = *Condition::Compile(config, "condition");
  TestRequest request{.path = path};
  TestExchange x(request);
  for (auto _ : state) benchmark::DoNotOptimize(condition.Holds(*x, use));
}

void AllowByPath(benchmark::State& state) { Ask(state, "/orders/2026/11/c0ffee00", Use::kAllow); }
void DenyByPath(benchmark::State& state) { Ask(state, "/orders/2026/11/c0ffee00", Use::kDeny); }
void DenyByPathWithEscapes(benchmark::State& state) { Ask(state, "/orders/2026%3A11/caf%C3%A9", Use::kDeny); }

BENCHMARK(AllowByPath);
BENCHMARK(DenyByPath);
BENCHMARK(DenyByPathWithEscapes);

}  // namespace
}  // namespace penstock::policies
