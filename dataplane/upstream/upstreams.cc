#include "dataplane/upstream/upstreams.h"

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/upstream/cluster.h"

namespace penstock::upstream {

Upstreams::Upstreams(io::Reactor& reactor, io::Resolver& resolver, ProcessLimits& limits, telemetry::WorkerStats& stats)
    : reactor_(reactor), resolver_(resolver), limits_(limits), stats_(stats), exchanges_(&reactor.blocks()) {}

Upstreams::~Upstreams() = default;

void Upstreams::OnSnapshot(const snapshot::Snapshot& snapshot) {
  snapshot_ = &snapshot;
  if (!sweeper_.armed()) sweeper_.Arm(reactor_.timers(), After(reactor_.Now(), kSweep));
}

Cluster* Upstreams::Find(const snapshot::Snapshot& snapshot, const ClientContexts& contexts, std::string_view name) {
  snapshot::GenerationId id = snapshot.id();
  const std::uint64_t key[3] = {id.epoch, id.number, snapshot.endpoints_epoch()};
  Found& found = found_[(reinterpret_cast<std::uintptr_t>(name.data()) >> 4) % found_.size()];
  auto shown = [&key](const Cluster& cluster) {
    return cluster.up_to_date() && std::equal(key, key + 3, cluster.shown_key);
  };
  bool same = found.name == name.data() && found.cluster != nullptr && shown(*found.cluster);
  if (same && found.cluster->name() == name) return found.cluster;
  auto known = clusters_.find(ToAbsl(name));
  if (known != clusters_.end() && shown(*known->second)) {
    found = {name.data(), known->second.get()};
    return known->second.get();
  }
  const snapshot::Shared<snapshot::CompiledCluster>* config = snapshot.FindCluster(name);
  if (config == nullptr) return nullptr;
  const snapshot::Shared<snapshot::EndpointSet>* endpoints = snapshot.FindEndpoints(name);
  const std::shared_ptr<const tls::ClientContext>* tls = contexts.FindClient(name);
  Cluster& cluster = Use(*config, endpoints != nullptr ? *endpoints : nullptr, tls != nullptr ? *tls : nullptr);
  std::copy(key, key + 3, cluster.shown_key);
  return &cluster;
}

Cluster& Upstreams::Use(const snapshot::Shared<snapshot::CompiledCluster>& config,
                        const snapshot::Shared<snapshot::EndpointSet>& endpoints,
                        const std::shared_ptr<const tls::ClientContext>& tls) {
  std::unique_ptr<Cluster>& cluster = clusters_[config->name];
  if (cluster == nullptr) {
    cluster = std::make_unique<Cluster>(config->name, Cluster::Deps{.reactor = reactor_,
                                                                    .resolver = resolver_,
                                                                    .limits = limits_.Get(config->name),
                                                                    .workers = limits_.workers(),
                                                                    .cells = stats_.HoldCluster(config->name),
                                                                    .life = life_});
  }
  cluster->Show(config, endpoints, tls);
  return *cluster;
}

void Upstreams::Stop() {
  snapshot_ = nullptr;
  sweeper_.Disarm();
  life_.Cancel();
  for (const auto& [name, cluster] : clusters_) cluster->Stop();
}

// What the current snapshot does not name is stopped, and goes once nothing uses it.
void Upstreams::Sweep() {
  bool again = false;
  for (auto at = clusters_.begin(); at != clusters_.end();) {
    auto here = at++;
    Cluster& cluster = *here->second;
    cluster.Sweep();
    if (snapshot_->FindCluster(cluster.name()) != nullptr) continue;
    cluster.Stop();
    if (cluster.unused()) {
      clusters_.erase(here);
      found_.fill({});
    } else {
      again = true;
    }
  }
  if (again) sweeper_.Arm(reactor_.timers(), After(reactor_.Now(), kSweep));
}

}  // namespace penstock::upstream
