#include "dataplane/telemetry/stats/registry.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(registry.Collect().clusters.size(), 1u) << "only _other is left";
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
