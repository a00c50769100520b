// What a question costs: of one key that all threads ask, of keys that are there, of keys that never are; and what
// coming in and leaving costs.
#include <benchmark/benchmark.h>

#include <string_view>

#include "dataplane/base/random.h"
#include "dataplane/limits/concurrency_table.h"
#include "dataplane/limits/limit_table.h"

namespace penstock::limits {
namespace {

constexpr LimitRule kRule{
    .algorithm = Algorithm::kTokenBucket, .requests = 100, .per = std::chrono::seconds(1), .burst = 200};

LimitTable& Table() {
  static LimitTable table;
  return table;
}

LimitKey Key(std::uint64_t number) {
  std::string_view parts[] = {"rule", {reinterpret_cast<const char*>(&number), sizeof(number)}};
  return Table().KeyOf(parts);
}

void Ask(benchmark::State& state, std::uint64_t keys) {
  Random random(static_cast<std::uint64_t>(state.thread_index()) + 1);
  SystemClock clock;
  for (auto _ : state) benchmark::DoNotOptimize(Table().Take(kRule, Key(random.Below(keys)), clock.Now()));
}

void OneKey(benchmark::State& state) { Ask(state, 1); }
void TenThousandKeys(benchmark::State& state) { Ask(state, 10'000); }
void EveryKeyIsNew(benchmark::State& state) { Ask(state, ~std::uint64_t{0}); }
void TheKeyAlone(benchmark::State& state) {
  std::uint64_t number = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Key(++number));
}

ConcurrencyTable& AtOnce() {
  static ConcurrencyTable table;
  return table;
}

// KEYS are many more than are in at a time, as in a data plane.
void ComeAndLeave(benchmark::State& state, std::uint64_t keys) {
  Random random(static_cast<std::uint64_t>(state.thread_index()) + 1);
  for (auto _ : state) {
    std::uint64_t number = random.Below(keys);
    std::string_view parts[] = {"rule", {reinterpret_cast<const char*>(&number), sizeof(number)}};
    ConcurrencyTable::Entered entered = AtOnce().Enter(AtOnce().KeyOf(parts), 1000);
    if (entered.allowed) AtOnce().Leave(entered.place);
  }
}

void ComeAndLeaveOneKey(benchmark::State& state) { ComeAndLeave(state, 1); }
void ComeAndLeaveTenThousandKeys(benchmark::State& state) { ComeAndLeave(state, 10'000); }
void ComeAndLeaveEveryKeyIsNew(benchmark::State& state) { ComeAndLeave(state, ~std::uint64_t{0}); }

BENCHMARK(TheKeyAlone);
BENCHMARK(OneKey)->ThreadRange(1, 2);
BENCHMARK(TenThousandKeys)->ThreadRange(1, 2);
BENCHMARK(EveryKeyIsNew)->ThreadRange(1, 2);
BENCHMARK(ComeAndLeaveOneKey)->ThreadRange(1, 2);
BENCHMARK(ComeAndLeaveTenThousandKeys)->ThreadRange(1, 2);
BENCHMARK(ComeAndLeaveEveryKeyIsNew)->ThreadRange(1, 2);

}  // namespace
}  // namespace penstock::limits
