#include "dataplane/upstream/pool/limits.h"

#include "dataplane/base/strings.h"

namespace penstock::upstream {

std::int64_t SharedLimit::Take(std::int64_t wanted) {
  std::int64_t free = free_.load(std::memory_order_relaxed);
  while (free > 0) {
    std::int64_t taken = std::min(free, wanted);
    if (free_.compare_exchange_weak(free, free - taken, std::memory_order_relaxed)) return taken;
  }
  return 0;
}

void SharedLimit::Set(std::int64_t limit) {
  std::int64_t before = limit_.exchange(limit, std::memory_order_relaxed);
  free_.fetch_add(limit - before, std::memory_order_relaxed);
}

void ClusterLimits::Set(const snapshot::UpstreamSettings& settings) {
  connections.Set(settings.max_connections);
  pending.Set(settings.max_pending);
  requests.Set(settings.max_requests);
}

std::shared_ptr<ClusterLimits> ProcessLimits::Get(std::string_view cluster) {
  MutexLock lock(&mutex_);
  auto known = clusters_.find(ToAbsl(cluster));
  std::shared_ptr<ClusterLimits> limits = known != clusters_.end() ? known->second.lock() : nullptr;
  if (limits != nullptr) return limits;
  if (clusters_.size() >= sweep_at_) {
    absl::erase_if(clusters_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = 2 * clusters_.size() + 64;
  }
  limits = std::make_shared<ClusterLimits>();
  clusters_[std::string(cluster)] = limits;
  return limits;
}

}  // namespace penstock::upstream
