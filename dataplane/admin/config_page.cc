#include "dataplane/admin/config_page.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dataplane/admin/json.h"
#include "dataplane/base/status.h"

namespace penstock::admin {
namespace {

using snapshot::Shared;
using snapshot::Snapshot;

// The records of one kind, by name.
template <typename T>
std::vector<const T*> Sorted(std::vector<const T*> records) {
  std::sort(records.begin(), records.end(), [](const T* a, const T* b) { return a->name < b->name; });
  return records;
}

void WriteListeners(const Snapshot& snapshot, JsonWriter& json) {
  std::vector<const snapshot::CompiledListener*> listeners;
  snapshot.ForEachListener([&](const auto& listener) { listeners.push_back(listener.get()); });
  json.Key("listeners");
  json.BeginArray();
  for (const auto* listener : Sorted(std::move(listeners))) {
    json.BeginObject();
    json.Field("name", listener->name);
    json.Key("addresses");
    json.BeginArray();
    for (const std::string& address : listener->addresses) json.String(address);
    json.EndArray();
    json.Field("port", listener->port);
    json.Field("hostname", listener->hostname);
    json.Field("policyChain", listener->policy_chain);
    json.EndObject();
  }
  json.EndArray();
}

void WriteRoutes(const Snapshot& snapshot, JsonWriter& json) {
  std::vector<const snapshot::CompiledRoute*> routes;
  snapshot.ForEachRoute([&](const auto& route) { routes.push_back(route.get()); });
  json.Key("routes");
  json.BeginArray();
  for (const auto* route : Sorted(std::move(routes))) {
    json.BeginObject();
    json.Field("name", std::string_view(route->name));
    json.Field("rules", route->rules.size());
    json.Key("attachments");
    json.BeginArray();
    for (const snapshot::CompiledAttachment& attachment : route->attachments) {
      json.BeginObject();
      json.Field("listener", attachment.listener);
      json.Key("hostnames");
      json.BeginArray();
      for (const std::string& hostname : attachment.hostnames) json.String(hostname);
      json.EndArray();
      json.EndObject();
    }
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
}

void WriteEndpoints(const Snapshot& snapshot, const snapshot::CompiledCluster& cluster, JsonWriter& json) {
  if (const auto* dns = std::get_if<snapshot::DnsDiscovery>(&cluster.discovery)) {
    json.Key("dns");
    json.BeginArray();
    for (const snapshot::DnsTarget& target : dns->names) json.String(StrCat(target.name, ":", target.port));
    json.EndArray();
    return;
  }
  const Shared<snapshot::EndpointSet>* set = snapshot.FindEndpoints(cluster.name);
  if (set == nullptr) return;
  json.Field("endpointsEpoch", (*set)->epoch);
  json.Key("endpoints");
  json.BeginArray();
  for (const snapshot::CompiledEndpoint& endpoint : (*set)->endpoints) {
    json.BeginObject();
    json.Field("address", endpoint.address);
    json.Field("port", endpoint.port);
    json.Field("weight", endpoint.weight);
    if (!endpoint.zone.empty()) json.Field("zone", endpoint.zone);
    json.EndObject();
  }
  json.EndArray();
}

void WriteClusters(const Snapshot& snapshot, JsonWriter& json) {
  std::vector<const snapshot::CompiledCluster*> clusters;
  snapshot.ForEachCluster([&](const auto& cluster) { clusters.push_back(cluster.get()); });
  json.Key("clusters");
  json.BeginArray();
  for (const auto* cluster : Sorted(std::move(clusters))) {
    json.BeginObject();
    json.Field("name", cluster->name);
    json.Field("algorithm", cluster->lb_algorithm);
    WriteEndpoints(snapshot, *cluster, json);
    json.EndObject();
  }
  json.EndArray();
}

void WriteVersions(const Snapshot& snapshot, JsonWriter& json) {
  std::vector<std::tuple<std::string, std::string, std::string>> rows;
  snapshot.ForEachVersion([&](std::string_view type_url, std::string_view name, std::string_view version) {
    rows.emplace_back(type_url.substr(type_url.rfind('.') + 1), name, version);
  });
  std::sort(rows.begin(), rows.end());
  json.Key("resources");
  json.BeginArray();
  for (const auto& [type, name, version] : rows) {
    json.BeginObject();
    json.Field("type", type);
    json.Field("name", name);
    json.Field("version", version);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string ConfigJson(const Snapshot& snapshot) {
  JsonWriter json;
  json.BeginObject();
  json.Field("generation", StrCat(snapshot.id().epoch, ".", snapshot.id().number));
  json.Field("endpointsEpoch", snapshot.endpoints_epoch());
  json.Field("hash", StrCat(absl::Hex(snapshot.hash(), absl::kZeroPad16)));
  WriteListeners(snapshot, json);
  WriteRoutes(snapshot, json);
  WriteClusters(snapshot, json);
  WriteVersions(snapshot, json);
  json.EndObject();
  return json.Take();
}

}  // namespace penstock::admin
