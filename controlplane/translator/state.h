// Everything that a translation knows and the next one starts from. Private to the translator.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "api/manifests/v1/clientpolicy.pb.h"
#include "api/manifests/v1/gateway.pb.h"
#include "api/manifests/v1/trafficpolicy.pb.h"
#include "controlplane/translator/keys.h"
#include "controlplane/translator/persistent_map.h"
#include "controlplane/translator/translate.h"

namespace penstock::translator {

namespace api = manifests::v1;
using manifests::Finding;

// The translation is made of units: one for each Gateway, HTTPRoute and used Cluster, and one that checks each object
// of other kinds. A unit is a pure function of what it reads through a Reader, which remembers what that was.
enum class UnitKind { kGateway, kRoute, kCluster, kCheck };

struct UnitKey {
  UnitKind kind;
  ObjectKey object;  // of a cluster: only `name`, the cluster's

  friend auto operator<=>(const UnitKey&, const UnitKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const UnitKey& key) {
    return H::combine(std::move(h), static_cast<int>(key.kind), key.object);
  }
};

// What units have in common.
struct UnitOutput {
  std::vector<std::string> reads;  // dependencies, sorted, unique
  std::vector<Finding> findings;
};

// One listener of a Gateway, as routes need to know it.
struct ListenerOutput {
  std::string name;
  uint32_t port = 0;
  std::string hostname;  // lower case; "" any
  bool served = false;   // false: conflicted or not supported
  bool allows_http_routes = true;
  std::string from = "Same";    // All, Same, Selector, None
  api::LabelSelector selector;  // of Selector
  std::string problem_reason;   // condition reason if not served: "HostnameConflict", "UnsupportedProtocol"
  std::string problem;

  std::string ResourceName(const ObjectKey& gateway) const { return NamespacedName(gateway) + "/" + name; }
};

struct GatewayOutput : UnitOutput {
  bool ours = false;      // a class of this controller
  bool accepted = false;  // false: nothing of it is served
  std::string reason = "Accepted";
  std::string message;
  std::string gateway_class;
  std::vector<ListenerOutput> listeners;
  api::TrafficPolicySpec traffic;           // effective for the Gateway; routes may say otherwise
  api::TrafficPolicySpec traffic_override;  // wins over routes
  std::vector<ResourcePtr> resources;
  std::string fingerprint;  // equal: routes need not look again
};

// One listener that a route serves.
struct Attachment {
  ObjectKey gateway;
  std::string listener;  // its name in the Gateway
  std::vector<std::string> hostnames;
};

// A match of a route, claimed on one host of one listener. Ordered by precedence among equal matches.
struct Claim {
  int32_t minus_priority = 0;
  uint64_t first_generation = 0;
  std::string route_name;  // "NAMESPACE/NAME"
  size_t rule = 0;
  size_t match = 0;
  std::string rule_name;
  ObjectKey route;

  auto Order() const { return std::tie(minus_priority, first_generation, route_name, rule, match); }
};
using ClaimPtr = std::shared_ptr<const Claim>;

struct RouteOutput : UnitOutput {
  std::vector<Attachment> attachments;
  std::vector<ResourcePtr> resources;
  std::vector<std::pair<std::string, std::string>> uses;  // cluster, gateway; sorted, unique
  std::vector<std::pair<std::string, ClaimPtr>> claims;   // listener, host and match -> claim
  std::shared_ptr<const api::ObjectStatus> status;
};

struct ClusterOutput : UnitOutput {
  std::vector<ResourcePtr> resources;
};

struct CheckOutput : UnitOutput {
  std::shared_ptr<const api::ObjectStatus> status;  // may be nullptr
};

class State {
 public:
  PersistentMap<ObjectKey, Upsert> objects;
  // Objects by a dependency text that stands for a set of them: GrantsDep, PoliciesDep, SlicesDep, PortDep, NamesDep.
  PersistentMap<std::string, PersistentSet<ObjectKey>> index;
  // Who read a dependency.
  PersistentMap<std::string, PersistentSet<UnitKey>> readers;

  PersistentMap<ObjectKey, std::shared_ptr<const GatewayOutput>> gateways;
  PersistentMap<ObjectKey, std::shared_ptr<const RouteOutput>> routes;
  PersistentMap<std::string, std::shared_ptr<const ClusterOutput>> clusters;
  PersistentMap<ObjectKey, std::shared_ptr<const CheckOutput>> checks;

  // Cluster -> the Gateways that need it, with the number of Routes, sorted.
  PersistentMap<std::string, std::vector<std::pair<std::string, uint32_t>>> cluster_users;
  // Claims of equal matches, by precedence; the first one gets the requests.
  PersistentMap<std::string, std::vector<ClaimPtr>> claims;
  PersistentMap<std::string, std::vector<Finding>> shadows;
  // "NAMESPACE/GATEWAY/LISTENER" -> number of attached routes.
  PersistentMap<std::string, int32_t> attached;

  PersistentMap<ObjectKey, std::shared_ptr<const api::ObjectStatus>> statuses;
  PersistentMap<std::pair<std::string, std::string>, ResourcePtr> resources;  // by type and name
  std::shared_ptr<const Gateways> gateway_infos = std::make_shared<const Gateways>();
};

}  // namespace penstock::translator
