#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "dataplane/base/cancellation.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/io/dns/resolver.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/telemetry/stats/registry.h"
#include "dataplane/upstream/client_contexts.h"
#include "dataplane/upstream/pool/limits.h"

namespace penstock::upstream {

class Cluster;

// A worker's clusters: connection pools, load-balancing positions, breakers, resolved addresses. Keyed by the cluster's
// name, so that they survive every swap of snapshots; what no live generation names goes away kSweep later, once
// nothing uses it. Belongs to its reactor's thread. Must outlive the exchanges that were forwarded by it.
class Upstreams {
 public:
  static constexpr Duration kSweep = std::chrono::seconds(5);

  // LIMITS is the process's, shared by all workers; the others are this worker's. All outlive it.
  Upstreams(io::Reactor& reactor, io::Resolver& resolver, ProcessLimits& limits, telemetry::WorkerStats& stats);
  Upstreams(const Upstreams&) = delete;
  Upstreams& operator=(const Upstreams&) = delete;
  ~Upstreams();

  // The worker serves SNAPSHOT from now on, and its stats know its names; it stays valid until the next call or Stop().
  void OnSnapshot(const snapshot::Snapshot& snapshot);

  // Ends what runs by itself: resolution, mirrors; closes idle connections. Then run the reactor until it has no tasks.
  void Stop();

  // The runtime of a cluster that SNAPSHOT names, showing what SNAPSHOT says about it; nullptr if it names none such.
  // CONTEXTS are of the same generation. Give it to Forward() in the same turn: the next Find() with another snapshot
  // may show that one's. One hash lookup in steady state.
  Cluster* Find(const snapshot::Snapshot& snapshot, const ClientContexts& contexts, std::string_view name);

  // The same for records at hand; ENDPOINTS is null for DNS clusters and while there are none, TLS for clusters in
  // cleartext.
  Cluster& Use(const snapshot::Shared<snapshot::CompiledCluster>& cluster,
               const snapshot::Shared<snapshot::EndpointSet>& endpoints,
               const std::shared_ptr<const tls::ClientContext>& tls = nullptr);

  io::Reactor& reactor() const { return reactor_; }
  // For copies of requests.
  ExchangePool& exchanges() { return exchanges_; }
  // What mirrors wait under: cancelled by Stop().
  Cancellation& life() { return life_; }
  // Mirrored requests that run now; at most kMaxMirrors, more are dropped.
  static constexpr std::uint32_t kMaxMirrors = 256;
  std::uint32_t& mirrors_running() { return mirrors_running_; }

  std::size_t size() const { return clusters_.size(); }

 private:
  struct Sweeper final : io::Timer {
    explicit Sweeper(Upstreams& self) : self(self) {}
    void OnTimer() override { self.Sweep(); }
    Upstreams& self;
  };

  void Sweep();

  io::Reactor& reactor_;
  io::Resolver& resolver_;
  ProcessLimits& limits_;
  telemetry::WorkerStats& stats_;
  const snapshot::Snapshot* snapshot_ = nullptr;
  absl::flat_hash_map<std::string, std::unique_ptr<Cluster>> clusters_;
  // What Find gave last, by where the name is in its snapshot: a pointer instead of a hash. Shown keys tell whether it
  // is that snapshot still.
  struct Found {
    const char* name = nullptr;
    Cluster* cluster = nullptr;
  };
  std::array<Found, 64> found_;
  ExchangePool exchanges_;
  Cancellation life_;
  std::uint32_t mirrors_running_ = 0;
  Sweeper sweeper_{*this};
};

}  // namespace penstock::upstream
