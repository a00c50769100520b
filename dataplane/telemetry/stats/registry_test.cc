#include "dataplane/telemetry/stats/registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <type_traits>

namespace penstock::telemetry {
namespace {

const SeriesNames kShop = {{"shop/gw/http"}, {{"shop/gw/http", "shop/users"}}, {"backend/shop/users"}};

Registry::Options TwoWorkers(size_t max_series = 2000) { return {2, max_series, {}}; }

TEST(Registry, KeepsCountsOverASwap) {
  Registry registry(TwoWorkers());
  auto first = registry.Update(nullptr, kShop, {});
  first->Route(1, "shop/gw/http", "shop/users").requests.Add(200);
  auto second = registry.Update(first, {{}, {{"shop/gw/http", "shop/carts"}}, {}}, {});
  EXPECT_NE(first, second);
  EXPECT_EQ(&first->Route(1, "shop/gw/http", "shop/users"), &second->Route(1, "shop/gw/http", "shop/users"));
}

TEST(Registry, GivesEveryWorkerItsOwnCells) {
  Registry registry(TwoWorkers());
  auto set = registry.Update(nullptr, kShop, {});
  EXPECT_NE(&set->Cluster(0, "backend/shop/users"), &set->Cluster(1, "backend/shop/users"));
}

TEST(Registry, ReturnsTheSameSetWhenNoNameChanged) {
  Registry registry(TwoWorkers());
  auto first = registry.Update(nullptr, kShop, {});
  EXPECT_EQ(registry.Update(first, {}, {}), first);
}

TEST(Registry, RemovesASeriesWhenNoGenerationNamesItAnyMore) {
  Registry registry(TwoWorkers());
  auto first = registry.Update(nullptr, kShop, {});
  auto second = registry.Update(first, {}, {{}, {}, {"backend/shop/users"}});
  EXPECT_EQ(registry.Collect().clusters.size(), 2u) << "a request may still run under the first generation";
  first = nullptr;
  EXPECT_EQ(registry.Collect().clusters.size(), 2u) << "_other and _retired are left";
}

uint64_t RetriesInAll(Registry& registry) {
  uint64_t sum = 0;
  for (const auto& series : registry.Collect().clusters) {
    for (const ClusterCells& cells : series->per_worker) sum += cells.retries.Read();
  }
  return sum;
}

TEST(Registry, KeepsWhatRetiredSeriesCounted) {
  Registry registry(TwoWorkers());
  auto set = registry.Update(nullptr, kShop, {});
  set->Cluster(0, "backend/shop/users").retries.Add(3);
  set->Cluster(1, "backend/shop/users").retries.Add(4);
  set = registry.Update(set, {}, {{}, {}, {"backend/shop/users"}});
  EXPECT_EQ(RetriesInAll(registry), 7u);
  set = registry.Update(set, {{}, {}, {"backend/shop/users"}}, {});
  set->Cluster(0, "backend/shop/users").retries.Add();
  EXPECT_EQ(RetriesInAll(registry), 8u) << "the name came back and begins with 0";
  set = nullptr;
  EXPECT_EQ(RetriesInAll(registry), 8u);
}

TEST(Registry, KeepsTheCountsOfARetiredRouteAtItsListenerAsLongAsThatIsNamed) {
  Registry registry(TwoWorkers());
  const SeriesNames route{{}, {{"shop/gw/http", "shop/old"}}, {}};
  auto set = registry.Update(registry.Update(nullptr, {{"shop/gw/http"}, {}, {}}, {}), route, {});
  set->Route(0, "shop/gw/http", "shop/old").requests.Add(200);
  auto count_at = [&](std::string_view listener) {
    uint64_t count = 0;
    for (const auto& series : registry.Collect().routes) {
      if (series->key == SeriesKey{std::string(listener), std::string(kRetiredName)}) {
        count += series->per_worker[0].requests.At(static_cast<size_t>(CodeClass::k2xx)).Read();
      }
    }
    return count;
  };
  set = registry.Update(set, {}, route);
  EXPECT_EQ(count_at("shop/gw/http"), 1u);
  set = registry.Update(set, {}, {{"shop/gw/http"}, {}, {}});
  EXPECT_EQ(count_at("shop/gw/http"), 0u);
  EXPECT_EQ(count_at(kRetiredName), 1u);
}

// Counts 1 in every cell of the first SIZE bytes, whatever it is called: they are 64-bit atomics and nothing else.
template <typename Cells>
void CountOneEverywhere(Cells& cells, size_t size) {
  static_assert(sizeof(std::atomic<uint64_t>) == 8);
  auto* words = reinterpret_cast<std::atomic<uint64_t>*>(&cells);
  for (size_t i = 0; i < size / 8; ++i) words[i].store(1, std::memory_order_relaxed);
}

// Words that are 0 at the end are padding up to the cache line.
template <typename Cells>
size_t CellsThatAbsorbDoubles(size_t size = sizeof(Cells)) {
  Cells from, to;
  CountOneEverywhere(from, size);
  CountOneEverywhere(to, size);
  to.Absorb(from);
  const auto* words = reinterpret_cast<const std::atomic<uint64_t>*>(&to);
  size_t twos = 0;
  while (twos < size / 8 && words[twos].load(std::memory_order_relaxed) == 2) ++twos;
  return twos;
}

TEST(Cells, AbsorbEveryField) {
  EXPECT_EQ(CellsThatAbsorbDoubles<ListenerCells>(), 16u + kTlsFailures);
  EXPECT_EQ(CellsThatAbsorbDoubles<RouteCells>(offsetof(RouteCells, grpc_calls)),
            kCodeClasses + 6 + Histogram::kBuckets + 1);
  EXPECT_EQ(CellsThatAbsorbDoubles<ClusterCells>(), kCodeClasses + 20 + kTlsFailures + Histogram::kBuckets + 1);
}

TEST(Cells, AbsorbCallsOfGrpcWhereThereWereNone) {
  RouteCells none, some, sum;
  some.grpc_calls.Add(GrpcCounter::IndexOf(0));
  some.grpc_calls.Add(GrpcCounter::IndexOf(16));
  some.grpc_calls.Add(GrpcCounter::IndexOf(17));
  some.grpc_calls.Add(GrpcCounter::IndexOf(-1));
  sum.Absorb(none);
  EXPECT_EQ(sum.grpc_calls.Read(0), 0u);
  sum.Absorb(some);
  sum.Absorb(some);
  sum.Absorb(none);
  for (size_t index : {size_t{0}, size_t{16}, GrpcCounter::kOther, GrpcCounter::kNone})
    EXPECT_EQ(sum.grpc_calls.Read(index), 2u) << index;
}

TEST(Registry, KeepsTheCellsOfARouteForWhoOutlivesIt) {
  Registry registry(TwoWorkers());
  auto set = registry.Update(nullptr, {{"gw"}, {{"gw", "chat"}}, {}}, {});
  std::shared_ptr<RouteCells> held = set->HoldRoute(1, "gw", "chat");
  EXPECT_EQ(held.get(), &set->Route(1, "gw", "chat"));
  auto next = registry.Update(set, {}, {{}, {{"gw", "chat"}}, {}});
  set.reset();
  held->requests.Add(101);
  auto counted = [&](std::string_view name) {
    uint64_t sum = 0;
    for (const auto& series : registry.Collect().routes) {
      if (series->key.name != name) continue;
      for (const RouteCells& cells : series->per_worker)
        sum += cells.requests.At(static_cast<size_t>(CodeClass::k1xx)).Read();
    }
    return sum;
  };
  EXPECT_EQ(counted("chat"), 1u);
  held.reset();
  EXPECT_EQ(counted("chat"), 0u);
  EXPECT_EQ(counted(kRetiredName), 1u);
}

TEST(Registry, KeepsHeldCellsAliveAndFindsThemAgain) {
  Registry registry(TwoWorkers());
  auto set = registry.Update(nullptr, kShop, {});
  std::shared_ptr<ClusterCells> held = set->HoldCluster(0, "backend/shop/users");
  held->retries.Add();
  set = registry.Update(set, {}, {{}, {}, {"backend/shop/users"}});
  set = registry.Update(set, {{}, {}, {"backend/shop/users"}}, {});
  EXPECT_EQ(set->Cluster(0, "backend/shop/users").retries.Read(), 1u);
}

TEST(Registry, CountsANameThatIsRemovedAndAddedAtOnceAsUnchanged) {
  Registry registry(TwoWorkers());
  auto first = registry.Update(nullptr, kShop, {});
  auto second = registry.Update(first, kShop, kShop);
  EXPECT_EQ(&first->Listener(0, "shop/gw/http"), &second->Listener(0, "shop/gw/http"));
}

TEST(Registry, CountsNamesBeyondTheBoundUnderOther) {
  Registry registry(TwoWorkers(2));
  auto set = registry.Update(nullptr, {{}, {}, {"a", "b", "c", "d"}}, {});
  EXPECT_EQ(registry.Collect().overflow_clusters, 2u);
  EXPECT_EQ(&set->Cluster(0, "c"), &set->Cluster(0, "never named"));
  EXPECT_NE(&set->Cluster(0, "a"), &set->Cluster(0, "c"));
  set = registry.Update(set, {}, {{}, {}, {"d", "a"}});
  EXPECT_EQ(registry.Collect().overflow_clusters, 1u);
}

TEST(Registry, HasTheRequestsWithoutARouteOfEveryListener) {
  Registry registry(TwoWorkers());
  auto set = registry.Update(nullptr, kShop, {});
  EXPECT_NE(&set->Route(0, "shop/gw/http", ""), &set->Route(0, "unknown", ""));
}

TEST(WorkerStats, CountsUnderTheGenerationItServes) {
  Registry registry(TwoWorkers());
  WorkerStats stats(registry, 1, registry.Update(nullptr, {}, {}));
  auto set = registry.Update(nullptr, kShop, {});
  stats.Swap(set);
  stats.Listener("shop/gw/http").connections_opened.Add();
  EXPECT_EQ(set->Listener(1, "shop/gw/http").connections_opened.Read(), 1u);
  EXPECT_EQ(set->Listener(0, "shop/gw/http").connections_opened.Read(), 0u);
}

}  // namespace
}  // namespace penstock::telemetry
