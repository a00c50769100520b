// Everything that a translation knows and the next one starts from. Private to the translator.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "api/manifests/v1/clientpolicy.pb.h"
#include "api/manifests/v1/gateway.pb.h"
#include "api/manifests/v1/trafficpolicy.pb.h"
#include "controlplane/translator/keys.h"
#include "controlplane/translator/persistent_map.h"
#include "controlplane/translator/translate.h"
#include "proto/penstock/xds/v1/listener.pb.h"

namespace penstock::translator {

namespace api = manifests::v1;
using manifests::Finding;

// The translation is made of units: one for each Gateway, route, used Cluster and used Secret, and one that checks each
// object of other kinds. A unit is a pure function of what it reads through a Reader, which remembers what that was.
enum class UnitKind { kGateway, kRoute, kCluster, kSecret, kCheck };

struct UnitKey {
  UnitKind kind;
  ObjectKey object;  // of a cluster or Secret: only `name`, the resource's

  friend auto operator<=>(const UnitKey&, const UnitKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const UnitKey& key) {
    return H::combine(std::move(h), static_cast<int>(key.kind), key.object);
  }
};

// Which Gateway needs which resource: name of the resource, "NAMESPACE/NAME" of the Gateway. Sorted, unique.
using Uses = std::vector<std::pair<std::string, std::string>>;
void MakeUnique(Uses& uses);

// What units have in common.
struct UnitOutput {
  std::vector<std::string> reads;  // dependencies, sorted, unique
  std::vector<Finding> findings;
};

// Why a condition does not hold; empty if it does.
struct Trouble {
  std::string reason;  // "HostnameConflict", "InvalidCertificateRef"
  std::string message;

  bool none() const { return reason.empty(); }
};

// How the connections of a listener are told apart.
enum class Transport {
  kHttp,  // by the host of each request
  kTls,   // by the server name of the handshake: HTTPS and TLS
  kTcp,   // not at all
  kUdp,   // not at all
};

// One listener of a Gateway or of its ListenerSets, as routes need to know it.
struct ListenerOutput {
  ObjectKey owner;   // the Gateway or ListenerSet that it is written in
  std::string path;  // its field there
  std::string name;
  uint32_t port = 0;
  std::string protocol;  // "HTTP", "HTTPS", "TLS", "TCP", "UDP"
  Transport transport = Transport::kHttp;
  std::string hostname;                 // lower case; "" any
  bool served = false;                  // false: something below says why, or an error
  std::vector<std::string_view> kinds;  // of routes that it takes
  bool names_grpc = false;              // GRPCRoute is among the kinds that are written down
  bool speaks_http2 = false;            // HTTPS, or HTTP with prior knowledge
  bool denies_http2 = false;            // a ClientPolicy says that it does not
  std::string from = "Same";            // All, Same, Selector, None
  api::LabelSelector selector;          // of Selector
  // Of HTTPS, and of TLS that is terminated. Without what ClientPolicies say.
  std::optional<penstock::xds::v1::ServerTls> tls;

  Trouble accepted;
  Trouble conflict;
  Trouble refs;
  std::string overlap;  // not empty: another listener of the port has a hostname in common with this one

  std::string ResourceName() const { return ListenerName(owner, name); }
};

// Does the listener ask its clients for a certificate?
inline bool AsksClients(const ListenerOutput& listener) {
  return listener.tls.has_value() && listener.tls->has_client();
}

// A ListenerSet that names a Gateway as its parent.
struct ListenerSetOutput {
  ObjectKey key;
  Trouble accepted;  // why the Gateway does not take it
};

struct GatewayOutput : UnitOutput {
  bool ours = false;      // a class of this controller
  bool accepted = false;  // false: nothing of it is served
  std::string reason = "Accepted";
  std::string message;
  std::string gateway_class;
  std::vector<ListenerOutput> listeners;  // its own, then those of each ListenerSet: by precedence
  std::vector<ListenerSetOutput> listener_sets;
  api::TrafficPolicySpec traffic;           // effective for the Gateway; routes may say otherwise
  api::TrafficPolicySpec traffic_override;  // wins over routes
  std::string client_certificate;           // Secret that is shown to backends; "" none
  Trouble refs;                             // what spec.tls.backend names
  bool insecure_clients = false;            // clients without a valid certificate are let in where one is asked for
  Uses secrets;
  Uses clusters;  // that policies ask
  std::vector<ResourcePtr> resources;
  std::string fingerprint;  // equal: others need not look again
};

// One listener that a route serves.
struct Attachment {
  ObjectKey gateway;
  ObjectKey owner;           // of the listener: the Gateway or one of its ListenerSets
  std::string listener;      // its name there
  bool passthrough = false;  // the bytes of its connections are TLS, and stay so
  std::vector<std::string> hostnames;

  std::string ResourceName() const { return ListenerName(owner, listener); }
};

// A match of a route, claimed on one host of one listener. Ordered by precedence among equal matches.
struct Claim {
  int32_t minus_priority = 0;
  uint64_t first_generation = 0;
  std::string route_name;  // the Route's
  size_t rule = 0;
  size_t match = 0;
  std::string rule_name;
  ObjectKey route;
  std::string place;  // of layer 4, what is claimed: `listener "pg"`; else ""

  auto Order() const { return std::tie(minus_priority, first_generation, route_name, rule, match); }
};
using ClaimPtr = std::shared_ptr<const Claim>;

struct RouteOutput : UnitOutput {
  bool layer4 = false;
  std::vector<Attachment> attachments;
  std::vector<std::vector<std::string>> reached;  // Listeners, for each of status.parents
  std::vector<ResourcePtr> resources;
  Uses clusters;
  Uses secrets;
  std::vector<std::pair<std::string, ClaimPtr>> claims;  // listener, host and match -> claim
  std::shared_ptr<const api::ObjectStatus> status;       // as if there were no other routes
};

// What becomes of a route beside the others.
struct RouteOutcome {
  std::vector<Attachment> attached;  // those where it gets anything
  std::shared_ptr<const api::ObjectStatus> status;
};

struct ClusterOutput : UnitOutput {
  Uses secrets;
  std::vector<ResourcePtr> resources;
};

struct SecretOutput : UnitOutput {
  std::vector<ResourcePtr> resources;
};

struct CheckOutput : UnitOutput {
  std::vector<ResourcePtr> resources;
  std::shared_ptr<const api::ObjectStatus> status;  // may be nullptr
};

class State {
 public:
  PersistentMap<ObjectKey, Upsert> objects;
  // Objects by a dependency text that stands for a set of them: GrantsDep, PoliciesDep, BackendTlsDep, SlicesDep,
  // PortDep, SetPortDep, ListenerSetsDep, NamesDep.
  PersistentMap<std::string, PersistentSet<ObjectKey>> index;
  // Who read a dependency.
  PersistentMap<std::string, PersistentSet<UnitKey>> readers;

  PersistentMap<ObjectKey, std::shared_ptr<const GatewayOutput>> gateways;
  PersistentMap<ObjectKey, std::shared_ptr<const RouteOutput>> routes;
  PersistentMap<ObjectKey, std::shared_ptr<const RouteOutcome>> outcomes;
  PersistentMap<std::string, std::shared_ptr<const ClusterOutput>> clusters;
  PersistentMap<std::string, std::shared_ptr<const SecretOutput>> secrets;
  PersistentMap<ObjectKey, std::shared_ptr<const CheckOutput>> checks;

  // Cluster or Secret -> the Gateways that need it, with the number of units that say so, sorted.
  using Users = PersistentMap<std::string, std::vector<std::pair<std::string, uint32_t>>>;
  Users cluster_users;
  Users secret_users;
  // Claims of equal matches, by precedence; the first one gets the requests.
  PersistentMap<std::string, std::vector<ClaimPtr>> claims;
  PersistentMap<std::string, std::vector<Finding>> shadows;
  // Listener -> number of attached routes.
  PersistentMap<std::string, int32_t> attached;

  PersistentMap<ObjectKey, std::shared_ptr<const api::ObjectStatus>> statuses;
  PersistentMap<std::pair<std::string, std::string>, ResourcePtr> resources;  // by type and name
  std::shared_ptr<const Gateways> gateway_infos = std::make_shared<const Gateways>();
};

}  // namespace penstock::translator
