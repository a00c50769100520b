#include "dataplane/server/series_names.h"

#include <algorithm>
#include <iterator>

#include "dataplane/snapshot/hash.h"

namespace penstock::server {
namespace {

using snapshot::Snapshot;
using telemetry::SeriesNames;

void AddRoute(const snapshot::CompiledRoute& route, SeriesNames& names) {
  for (const snapshot::CompiledAttachment& attachment : route.attachments) {
    names.routes.push_back({attachment.listener, std::string(route.name)});
  }
}

// The series of one resource as SNAPSHOT (null: nothing) has it.
void AddResource(const Snapshot* snapshot, std::string_view type_url, std::string_view name, SeriesNames& names) {
  if (snapshot == nullptr) return;
  if (type_url == snapshot::kListenerType && snapshot->FindListener(name) != nullptr) {
    names.listeners.emplace_back(name);
  }
  if (type_url == snapshot::kClusterType && snapshot->FindCluster(name) != nullptr) names.clusters.emplace_back(name);
  if (type_url != snapshot::kRouteType) return;
  const auto* route = snapshot->FindRoute(name);
  if (route != nullptr) AddRoute(**route, names);
}

void AddAll(const Snapshot& snapshot, SeriesNames& names) {
  snapshot.ForEachListener([&](const auto& listener) { names.listeners.push_back(listener->name); });
  snapshot.ForEachCluster([&](const auto& cluster) { names.clusters.push_back(cluster->name); });
  snapshot.ForEachRoute([&](const auto& route) { AddRoute(*route, names); });
}

// Takes what both lists hold out of both.
template <typename T>
void CancelCommon(std::vector<T>& a, std::vector<T>& b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::vector<T> only_a, only_b;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only_a));
  std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(only_b));
  a = std::move(only_a);
  b = std::move(only_b);
}

SeriesChange WithoutUnchanged(SeriesChange change) {
  CancelCommon(change.added.listeners, change.removed.listeners);
  CancelCommon(change.added.routes, change.removed.routes);
  CancelCommon(change.added.clusters, change.removed.clusters);
  return change;
}

}  // namespace

SeriesChange SeriesOfDelta(const Snapshot* previous, const Snapshot& next, const snapshot::Delta& delta) {
  SeriesChange change;
  for (const snapshot::Resource& resource : delta.upserts) {
    AddResource(previous, resource.type_url, resource.name, change.removed);
    AddResource(&next, resource.type_url, resource.name, change.added);
  }
  for (const snapshot::ResourceName& resource : delta.removals) {
    AddResource(previous, resource.type_url, resource.name, change.removed);
  }
  return WithoutUnchanged(std::move(change));
}

SeriesChange SeriesOfReplacement(const Snapshot* previous, const Snapshot& next) {
  SeriesChange change;
  if (previous != nullptr) AddAll(*previous, change.removed);
  AddAll(next, change.added);
  return WithoutUnchanged(std::move(change));
}

}  // namespace penstock::server
