#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "dataplane/exchange/consumers.h"
#include "dataplane/exchange/revocations.h"
#include "dataplane/policies/config.h"
#include "dataplane/router/router.h"
#include "dataplane/snapshot/address_list.h"
#include "dataplane/snapshot/resource.h"
#include "dataplane/snapshot/route.h"
#include "dataplane/snapshot/settings.h"
#include "dataplane/snapshot/tls.h"

namespace penstock::snapshot {

// What a listener speaks. Listeners of one place speak alike: kHttps and kTls are alike.
enum class ListenerProtocol : uint8_t { kHttp, kHttps, kTls, kTcp, kUdp };

struct CompiledListener {
  std::string name;  // "NAMESPACE/GATEWAY/LISTENER"
  ListenerProtocol protocol = ListenerProtocol::kHttp;
  std::optional<ServerTls> tls;  // of kHttps; of kTls if it is terminated here
  std::vector<std::string>
      addresses;  // IP literals in canonical form, or "unix:/path"; at least one, "" = the data plane's default address
  uint16_t port = 0;
  std::string hostname;  // "" any, "a.example" exact, "*.example" any host with at least one more label
  ClientSettings client;
  std::string policy_chain;  // "" none; runs for unmatched requests too
};

// One policy of a chain. CONFIG is what its `config` target made of the bytes (dataplane/policies/config_registry.h).
struct CompiledPolicy {
  std::string type;
  std::string origin;
  policies::PolicyConfigPtr config;
};

struct CompiledPolicyChain {
  std::string name;
  std::vector<CompiledPolicy> policies;  // in the order in which they see a request
};

struct DnsTarget {
  std::string name;
  uint16_t port = 0;
  uint32_t weight = 1;
};
struct EdsDiscovery {};
struct DnsDiscovery {
  std::vector<DnsTarget> names;
  nanoseconds refresh = kDefaultDnsRefresh;  // upper bound; a shorter TTL of the record counts, at least 1 s
};

struct CompiledCluster {
  std::string name;
  std::variant<EdsDiscovery, DnsDiscovery> discovery;
  std::string lb_algorithm = "round_robin";
  UpstreamSettings upstream;

  enum class Protocol : uint8_t { kHttp1, kHttp2, kAuto };
  Protocol protocol = Protocol::kHttp1;  // kAuto: with tls only, what ALPN agrees on
  std::optional<UpstreamTls> tls;
  enum class ProxyProtocol : uint8_t { kNone, kV1, kV2 };
  ProxyProtocol proxy_protocol = ProxyProtocol::kNone;  // of tunnels only
};

struct CompiledEndpoint {
  std::string address;  // IP literal in canonical form, or "unix:/path" (then port is 0)
  uint16_t port = 0;
  uint32_t weight = 1;  // 0: takes no new requests
  std::string zone;
  std::string hostname;
};

// The addresses of one EDS cluster; moves in a lane of its own.
struct EndpointSet {
  std::string cluster;
  uint64_t epoch = 0;
  std::vector<CompiledEndpoint> endpoints;  // none: 503
};

struct CompiledSecret {
  std::string name;
  std::string type;
  std::map<std::string, std::string> data;  // never in a log, dump or error
};

// A place to listen at.
struct BindKey {
  static constexpr std::string_view kUnix = "unix:";
  // Where LISTENER listens by ADDRESS, which is one of its own.
  static BindKey Of(const CompiledListener& listener, const std::string& address);

  std::string address;  // "" = the data plane's default address; "unix:/path"
  uint16_t port = 0;    // 0: a Unix socket has none, so all listeners at its path share it, whatever their ports
  bool udp = false;
  auto operator<=>(const BindKey&) const = default;

  bool is_unix() const { return address.starts_with(kUnix); }
  // REQUIRES: is_unix().
  std::string_view unix_path() const { return std::string_view(address).substr(kUnix.size()); }
};

class BindGroup;       // the listeners of one BindKey, by host name
struct SnapshotState;  // the persistent maps (state.h)

template <typename T>
using Shared = std::shared_ptr<const T>;

// What the pure decision about one request is made of. Pointers live as long as the Snapshot.
struct Decision {
  const Shared<CompiledListener>* listener = nullptr;  // null: no listener for that host (404)
  const router::Match* match = nullptr;                // null: no route (404)

  const CompiledRoute& route() const { return CompiledRoute::Of(*match); }
  const CompiledRule& rule() const { return route().rules[match->rule]; }
};

// Everything that one generation says, immutable. Made by Compile only.
//
// Threads: any thread may read a Snapshot without lock or count. Snapshots that descend from each other share nodes
// whose counts are not atomic: Compile, ApplyEndpoints and the *destruction* of all of them belong to one thread; a
// worker hands its released pointer back to that thread. The records (shared_ptr<const Compiled...>) have atomic
// counts: whoever outlives the Snapshot (a tunnel, a pool) copies the pointers it needs.
class Snapshot {
 public:
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  GenerationId id() const;
  uint64_t hash() const;                                  // as Generation.hash
  const std::map<std::string, uint32_t>& counts() const;  // as Generation.counts
  uint64_t endpoints_epoch() const;                       // grows with every ApplyEndpoints; 0 after Compile

  // All places to listen at, sorted.
  const std::vector<BindKey>& bind_keys() const;
  // nullptr if nothing is there. Look it up once per connection and snapshot, not per request.
  const BindGroup* FindBindGroup(const BindKey& key) const;

  // The whole decision: the listener of GROUP with the most specific host name for request.host, then its best match.
  // No allocation, no lock (but see router.h for expressions).
  Decision Decide(const BindGroup& group, const router::Request& request) const;
  // The same for the LISTENER of request.host, which FindListenerForHost gave.
  Decision Decide(const Shared<CompiledListener>& listener, const router::Request& request) const;
  // Only the listener; its settings are needed before the request is complete. nullptr if none serves HOST, which is a
  // request's host in a group of kHttp, and a handshake's server name ("" if it has none) in one of kHttps and kTls.
  const Shared<CompiledListener>* FindListenerForHost(const BindGroup& group, std::string_view host) const;
  // The rule of the route that gets a connection of LISTENER for the server name HOST ("" for TCP and UDP); its action
  // is a Tunnel. Empty if there is none.
  Decision DecideTunnel(const Shared<CompiledListener>& listener, std::string_view host) const;
  // The settings for a connection whose host is not known yet: the least specific listener of the group.
  const Shared<CompiledListener>& DefaultListener(const BindGroup& group) const;

  // By name; nullptr if there is none. A name that a rule or listener holds is always found.
  const Shared<CompiledListener>* FindListener(std::string_view name) const;
  const Shared<CompiledRoute>* FindRoute(std::string_view name) const;
  const Shared<CompiledCluster>* FindCluster(std::string_view name) const;
  const Shared<EndpointSet>* FindEndpoints(std::string_view cluster) const;
  const Shared<CompiledPolicyChain>* FindPolicyChain(std::string_view name) const;
  const Shared<CompiledSecret>* FindSecret(std::string_view name) const;

  // The credentials that do not count any more.
  const Revocations& revocations() const;
  // Who is who.
  const Consumers& consumers() const;
  const AddressLists& address_lists() const { return lists_; }

  // Every record, in no particular order.
  void ForEachListener(absl::FunctionRef<void(const Shared<CompiledListener>&)> visit) const;
  void ForEachRoute(absl::FunctionRef<void(const Shared<CompiledRoute>&)> visit) const;
  void ForEachCluster(absl::FunctionRef<void(const Shared<CompiledCluster>&)> visit) const;
  void ForEachPolicyChain(absl::FunctionRef<void(const Shared<CompiledPolicyChain>&)> visit) const;
  void ForEachEndpoints(absl::FunctionRef<void(const Shared<EndpointSet>&)> visit) const;
  // Every live resource and its version, Endpoints included: what a client tells its server on reconnect.
  void ForEachVersion(
      absl::FunctionRef<void(std::string_view type_url, std::string_view name, std::string_view version)> visit) const;

  const SnapshotState& state() const { return *state_; }

 private:
  friend class Compiler;
  explicit Snapshot(std::unique_ptr<const SnapshotState> state);
  std::unique_ptr<const SnapshotState> state_;
  const NamedLists lists_;
};

}  // namespace penstock::snapshot
