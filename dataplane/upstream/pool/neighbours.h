#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::upstream {

class Cluster;
struct ClusterLimits;

// A worker's runtime of a cluster as the other workers see it. Kept by the Cluster and by whoever it asked.
struct Neighbour {
  Neighbour(io::Reactor& reactor, Cluster& cluster) : reactor(reactor), cluster(&cluster) {}

  io::Reactor& reactor;               // to be used only by Neighbours
  Cluster* cluster;                   // its own thread only; null: it is gone
  std::atomic<bool> wants{false};     // a request waits there for a connection's place
  std::atomic<std::int64_t> used{0};  // places that it had when it asked
};

// A connection's place on its way from one worker to another; back to the limit if it does not arrive.
class LoosePlace {
 public:
  explicit LoosePlace(std::shared_ptr<ClusterLimits> limits) : limits_(std::move(limits)) {}
  LoosePlace(LoosePlace&&) noexcept = default;
  LoosePlace& operator=(LoosePlace&&) = delete;
  ~LoosePlace();

  // It has arrived.
  void Settle() { limits_.reset(); }

 private:
  std::shared_ptr<ClusterLimits> limits_;
};

// The workers that share the limits of a cluster. Any thread. Its lock is taken when a worker meets the cluster, and
// when a request finds that the limit of connections is reached; never before.
class Neighbours {
 public:
  void Enter(std::shared_ptr<Neighbour> one);
  // After this nobody reaches ONE any more; its reactor may go.
  void Leave(const Neighbour& one);

  // Has every other worker see what it can spare: Cluster::OnAsked there.
  void Ask(const std::shared_ptr<Neighbour>& asker);
  // Cluster::OnPlace there.
  void Hand(const std::shared_ptr<Neighbour>& to, LoosePlace place);

 private:
  Mutex mutex_;
  std::vector<std::shared_ptr<Neighbour>> all_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace penstock::upstream
