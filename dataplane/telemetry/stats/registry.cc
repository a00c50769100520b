#include "dataplane/telemetry/stats/registry.h"

#include <algorithm>
#include <atomic>
#include <tuple>
#include <type_traits>

namespace penstock::telemetry {
namespace {

// A reference into the series that keeps the whole series alive.
template <typename Cells>
std::shared_ptr<Cells> Hold(const SeriesTable<Cells>& table, int worker, SeriesKeyView key) {
  auto found = table.by_key.find(key);
  const std::shared_ptr<Series<Cells>>& series = found == table.by_key.end() ? table.other : found->second;
  return std::shared_ptr<Cells>(series, &series->per_worker[worker]);
}

std::vector<SeriesKey> ListenerKeys(const std::vector<std::string>& listeners) {
  std::vector<SeriesKey> keys;
  keys.reserve(listeners.size());
  for (const std::string& listener : listeners) keys.push_back({listener, ""});
  return keys;
}

std::vector<SeriesKey> ClusterKeys(const std::vector<std::string>& clusters) {
  std::vector<SeriesKey> keys;
  keys.reserve(clusters.size());
  for (const std::string& cluster : clusters) keys.push_back({"", cluster});
  return keys;
}

// Every listener also has the series of its requests that match no route.
std::vector<SeriesKey> RouteKeys(const SeriesNames& names) {
  std::vector<SeriesKey> keys = ListenerKeys(names.listeners);
  keys.insert(keys.end(), names.routes.begin(), names.routes.end());
  return keys;
}

// The series of MAPS by their labels.
template <typename Cells, typename Map>
std::vector<std::shared_ptr<Series<Cells>>> Sorted(const Map& alive, const Map& retired) {
  std::vector<std::shared_ptr<Series<Cells>>> sorted;
  sorted.reserve(alive.size() + retired.size());
  for (const Map* map : {&alive, &retired}) {
    for (const auto& [key, series] : *map) sorted.push_back(series);
  }
  auto by_key = [](const auto& a, const auto& b) {
    return std::tie(a->key.listener, a->key.name) < std::tie(b->key.listener, b->key.name);
  };
  std::sort(sorted.begin(), sorted.end(), by_key);
  return sorted;
}

// Nobody else owns it, and what its last owner counted can be seen here.
template <typename Cells>
bool IsUnowned(const std::shared_ptr<Series<Cells>>& series) {
  if (series.use_count() > 1) return false;
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
}

template <typename Cells>
void AbsorbAll(Series<Cells>& to, const Series<Cells>& from) {
  for (const Cells& cells : from.per_worker) to.per_worker[0].Absorb(cells);
}

std::shared_ptr<const SeriesSet> NoSeries() { return std::make_shared<const SeriesSet>(); }

}  // namespace

std::shared_ptr<ListenerCells> SeriesSet::HoldListener(int worker, std::string_view listener) const {
  return Hold(listeners_, worker, {listener, {}});
}

std::shared_ptr<RouteCells> SeriesSet::HoldRoute(int worker, std::string_view listener, std::string_view route) const {
  return Hold(routes_, worker, {listener, route});
}

std::shared_ptr<ClusterCells> SeriesSet::HoldCluster(int worker, std::string_view cluster) const {
  return Hold(clusters_, worker, {{}, cluster});
}

Registry::Registry(Options options)
    : options_(std::move(options)), worker_cells_(options_.workers), empty_(NoSeries()) {}

std::shared_ptr<const SeriesSet> Registry::Update(const std::shared_ptr<const SeriesSet>& previous,
                                                  const SeriesNames& added, const SeriesNames& removed) {
  std::vector<SeriesKey> added_routes = RouteKeys(added);
  std::vector<SeriesKey> removed_routes = RouteKeys(removed);
  bool nothing = added_routes.empty() && removed_routes.empty() && added.clusters.empty() && removed.clusters.empty();
  if (nothing && previous != nullptr) return previous;

  auto next = std::make_shared<SeriesSet>(previous != nullptr ? *previous : *empty_);
  MutexLock lock(&mutex_);
  RetireUnnamed();
  UpdateTable(listeners_, next->listeners_, ListenerKeys(added.listeners), ListenerKeys(removed.listeners));
  UpdateTable(routes_, next->routes_, std::move(added_routes), std::move(removed_routes));
  UpdateTable(clusters_, next->clusters_, ClusterKeys(added.clusters), ClusterKeys(removed.clusters));
  newest_ = next;
  return next;
}

// Names that are both removed and added stay as they are.
template <typename Cells>
void Registry::UpdateTable(Scope<Cells>& scope, SeriesTable<Cells>& table, std::vector<SeriesKey> added,
                           std::vector<SeriesKey> removed) {
  for (const SeriesKey& key : removed) {
    auto found = table.by_key.find(key);
    if (found != table.by_key.end()) {
      table.by_key.erase(found);
    } else if (table.overflow > 0) {
      --table.overflow;
    }
  }
  if (table.other == nullptr) {
    table.other = FindOrMake(scope.alive, {std::string(kOtherName), std::string(kOtherName)}, options_.workers);
  }
  for (SeriesKey& key : added) {
    if (table.by_key.contains(key)) continue;
    if (table.by_key.size() >= options_.max_series) {
      ++table.overflow;
      continue;
    }
    std::shared_ptr<Series<Cells>> series = FindOrMake(scope.alive, key, options_.workers);
    table.by_key.emplace(std::move(key), std::move(series));
  }
}

template <typename Cells>
std::shared_ptr<Series<Cells>> Registry::FindOrMake(SeriesMap<Cells>& map, const SeriesKey& key, int instances) {
  std::shared_ptr<Series<Cells>>& series = map[key];
  if (series == nullptr) series = std::make_shared<Series<Cells>>(key, instances);
  return series;
}

// Moves what nobody names any more to the retired series: a route's to its listener's, if that is named.
template <typename Cells>
void Registry::Retire(Scope<Cells>& scope) const {
  const std::string retired(kRetiredName);
  const SeriesMap<ListenerCells>& listeners = listeners_.alive;
  auto listener_of = [&](const SeriesKey& key) {
    bool named = std::is_same_v<Cells, RouteCells> && listeners.contains(SeriesKey{key.listener, ""});
    return named ? key.listener : retired;
  };
  std::vector<std::shared_ptr<Series<Cells>>> gone;
  for (SeriesMap<Cells>* map : {&scope.alive, &scope.retired}) {
    absl::erase_if(*map, [&](const auto& entry) {
      bool moves = map == &scope.alive ? IsUnowned(entry.second) : listener_of(entry.first) != entry.first.listener;
      if (moves) gone.push_back(entry.second);
      return moves;
    });
  }
  for (const auto& series : gone) {
    AbsorbAll(*FindOrMake(scope.retired, {listener_of(series->key), retired}, 1), *series);
  }
}

// Listeners first: where a route's counts go depends on them.
void Registry::RetireUnnamed() const {
  Retire(listeners_);
  Retire(routes_);
  Retire(clusters_);
}

Registry::Alive Registry::Collect() const {
  MutexLock lock(&mutex_);
  RetireUnnamed();
  Alive alive{Sorted<ListenerCells>(listeners_.alive, listeners_.retired),
              Sorted<RouteCells>(routes_.alive, routes_.retired),
              Sorted<ClusterCells>(clusters_.alive, clusters_.retired)};
  if (std::shared_ptr<const SeriesSet> newest = newest_.lock()) {
    alive.overflow_listeners = newest->listeners_.overflow;
    alive.overflow_routes = newest->routes_.overflow;
    alive.overflow_clusters = newest->clusters_.overflow;
  }
  return alive;
}

}  // namespace penstock::telemetry
