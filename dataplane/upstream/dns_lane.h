#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/task.h"
#include "dataplane/io/dns/resolver.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::upstream {

// Keeps the addresses of a DNS cluster fresh: resolves its names when their records run out (at least every `refresh`,
// at most once a second) and keeps the last good addresses of a name as long as it cannot be resolved. One worker.
class DnsLane {
 public:
  static constexpr Duration kShortest = std::chrono::seconds(1);
  // After a failure, if `refresh` is not shorter.
  static constexpr Duration kRetry = std::chrono::seconds(5);

  DnsLane(io::Reactor& reactor, io::Resolver& resolver, std::string cluster, telemetry::ClusterCells& cells);
  DnsLane(const DnsLane&) = delete;
  ~DnsLane();

  // Resolves these names from now on. What is known of names that stay is kept.
  void Follow(const snapshot::DnsDiscovery& discovery);

  // All known addresses; null before the first answer. A new object, with the next epoch, when they change.
  const snapshot::Shared<snapshot::EndpointSet>& endpoints() const { return endpoints_; }

  // Waits until every name was asked for once. OK if there is any address.
  Task<Status> FirstAnswer(Wait wait);

  void Stop() { life_.Cancel(); }
  // Nothing runs any more: it may be destroyed. REQUIRES: Stop() was called.
  bool stopped() const { return !running_; }

 private:
  struct Name {
    snapshot::DnsTarget target;
    std::vector<IpAddress> addresses;  // the last good ones
  };

  Task<void> Run();
  Task<Duration> ResolveAll();
  Task<StatusOr<io::DnsAnswer>> ResolveOne(std::string name);
  void Publish();

  io::Reactor& reactor_;
  io::Resolver& resolver_;
  const std::string cluster_;
  telemetry::ClusterCells& cells_;
  std::vector<Name> names_;
  std::uint64_t names_version_ = 0;  // an answer to older names is dropped
  Duration refresh_ = snapshot::kDefaultDnsRefresh;
  snapshot::Shared<snapshot::EndpointSet> endpoints_;
  std::uint64_t epoch_ = 0;
  bool answered_ = false;
  io::WaitQueue first_answer_;
  io::WaitQueue wake_;  // Run() sleeps here
  Cancellation life_;
  bool running_ = false;
};

}  // namespace penstock::upstream
