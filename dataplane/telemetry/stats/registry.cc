#include "dataplane/telemetry/stats/registry.h"

#include <algorithm>

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

template <typename Cells>
std::vector<std::shared_ptr<Series<Cells>>> Lock(
    const absl::flat_hash_map<SeriesKey, std::weak_ptr<Series<Cells>>, SeriesKeyHash, SeriesKeyEq>& alive) {
  std::vector<std::shared_ptr<Series<Cells>>> locked;
  locked.reserve(alive.size());
  for (const auto& [key, series] : alive) {
    if (std::shared_ptr<Series<Cells>> strong = series.lock()) locked.push_back(std::move(strong));
  }
  auto by_key = [](const auto& a, const auto& b) {
    return std::tie(a->key.listener, a->key.name) < std::tie(b->key.listener, b->key.name);
  };
  std::sort(locked.begin(), locked.end(), by_key);
  return locked;
}

std::shared_ptr<const SeriesSet> NoSeries() { return std::make_shared<const SeriesSet>(); }

}  // namespace

std::shared_ptr<ListenerCells> SeriesSet::HoldListener(int worker, std::string_view listener) const {
  return Hold(listeners_, worker, {listener, {}});
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
  absl::MutexLock lock(&mutex_);
  UpdateTable(listeners_, next->listeners_, ListenerKeys(added.listeners), ListenerKeys(removed.listeners));
  UpdateTable(routes_, next->routes_, std::move(added_routes), std::move(removed_routes));
  UpdateTable(clusters_, next->clusters_, ClusterKeys(added.clusters), ClusterKeys(removed.clusters));
  newest_ = next;
  return next;
}

// Names that are both removed and added stay as they are.
template <typename Cells>
void Registry::UpdateTable(AliveMap<Cells>& alive, SeriesTable<Cells>& table, std::vector<SeriesKey> added,
                           std::vector<SeriesKey> removed) {
  absl::erase_if(alive, [](const auto& entry) { return entry.second.expired(); });
  for (const SeriesKey& key : removed) {
    auto found = table.by_key.find(key);
    if (found != table.by_key.end()) {
      table.by_key.erase(found);
    } else if (table.overflow > 0) {
      --table.overflow;
    }
  }
  if (table.other == nullptr) {
    table.other = FindOrMake(alive, SeriesKey{std::string(kOtherName), std::string(kOtherName)});
  }
  for (SeriesKey& key : added) {
    if (table.by_key.contains(key)) continue;
    if (table.by_key.size() >= options_.max_series) {
      ++table.overflow;
      continue;
    }
    std::shared_ptr<Series<Cells>> series = FindOrMake(alive, key);
    table.by_key.emplace(std::move(key), std::move(series));
  }
}

template <typename Cells>
std::shared_ptr<Series<Cells>> Registry::FindOrMake(AliveMap<Cells>& alive, const SeriesKey& key) {
  std::weak_ptr<Series<Cells>>& slot = alive[key];
  std::shared_ptr<Series<Cells>> series = slot.lock();
  if (series == nullptr) {
    series = std::make_shared<Series<Cells>>(key, options_.workers);
    slot = series;
  }
  return series;
}

Registry::Alive Registry::Collect() const {
  absl::MutexLock lock(&mutex_);
  Alive alive{Lock(listeners_), Lock(routes_), Lock(clusters_)};
  if (std::shared_ptr<const SeriesSet> newest = newest_.lock()) {
    alive.overflow_listeners = newest->listeners_.overflow;
    alive.overflow_routes = newest->routes_.overflow;
    alive.overflow_clusters = newest->clusters_.overflow;
  }
  return alive;
}

}  // namespace penstock::telemetry
