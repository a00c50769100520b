// What it costs to hide secrets of a query in a line of a log.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "dataplane/policies/credentials/secret_parameters.h"

namespace penstock::policies {
namespace {

void Mask(benchmark::State& state, std::string_view query) {
  SecretParameters parameters;
  BlockPool pool;
  for (auto _ : state) {
    Arena arena(&pool);
    benchmark::DoNotOptimize(parameters.Mask(query, arena));
  }
}

void NothingToHide(benchmark::State& state) { Mask(state, "page=2&per=50&sort=-created&fields=id,name,price"); }
void OneTokenOfAKilobyte(benchmark::State& state) {
  Mask(state, "page=2&access_token=" + std::string(1024, 'e') + "&sort=-created");
}
void NamesThatAreEncoded(benchmark::State& state) { Mask(state, "%70age=2&%61ccess%5Ftoken=eyJhbGciOi&s%6Frt=id"); }

BENCHMARK(NothingToHide);
BENCHMARK(OneTokenOfAKilobyte);
BENCHMARK(NamesThatAreEncoded);

}  // namespace
}  // namespace penstock::policies
