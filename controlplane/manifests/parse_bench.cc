// How long it takes to read manifests, good and hostile.
#include <benchmark/benchmark.h>

#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

std::string Routes(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    Append(
        text, "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: route-", i,
        "\n  labels: {set: bench}\nspec:\n  parentRefs:\n  - name: shop\n  hostnames: [shop.example]\n  rules:\n"
        "  - name: all\n    matches:\n    - path: {type: PathPrefix, value: /p",
        i,
        "}\n      method: GET\n    timeouts: {request: 2s}\n    backendRefs:\n"
        "    - {name: products-v1, port: 8082, weight: 90}\n    - {name: products-v2, port: 8082, weight: 10}\n---\n");
  }
  return text;
}

void Read(benchmark::State& state, const std::string& text) {
  ParseOptions options;
  size_t objects = 0, findings = 0;
  for (auto _ : state) {
    File file{"bench.yaml", text};
    ParseResult result = Parse({&file, 1}, options);
    objects = result.objects.size();
    findings = result.findings.size();
  }
  state.counters["objects"] = static_cast<double>(objects);
  state.counters["findings"] = static_cast<double>(findings);
  state.counters["bytes"] = static_cast<double>(text.size());
}

void ReadRoutes(benchmark::State& state) { Read(state, Routes(static_cast<int>(state.range(0)))); }
BENCHMARK(ReadRoutes)->Arg(100)->Arg(5000)->Unit(benchmark::kMillisecond);

// A file of 4 MiB that repeats a piece of text: none may take much longer than honest text of that size.
void ReadRepeated(benchmark::State& state) {
  constexpr std::string_view kPieces[] = {"[",    "{",   "- ",      "a: ", "a:\n", "\"",    "'",      "x",
                                          " ",    "\n",  "---\n",   "&a ", "*a ",  "? ",    "a: b\n", "-\n",
                                          "{a: ", ", ",  "|\n x\n", "#",   "\\",   "[a, ",  "a: |\n", ">",
                                          "%",    "!a ", "x: [\n",  "\t",  ":",    "\"x\" "};
  std::string_view piece = kPieces[state.range(0)];
  std::string text;
  while (text.size() + piece.size() <= (4u << 20)) text += piece;
  state.SetLabel(Cat("\"", piece, "\""));
  Read(state, text);
}
BENCHMARK(ReadRepeated)->DenseRange(0, 29)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace penstock::manifests
