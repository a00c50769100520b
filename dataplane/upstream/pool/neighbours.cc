#include "dataplane/upstream/pool/neighbours.h"

#include <algorithm>

#include "dataplane/upstream/cluster.h"
#include "dataplane/upstream/pool/limits.h"

namespace penstock::upstream {

LoosePlace::~LoosePlace() {
  if (limits_ != nullptr) limits_->connections.Give(1);
}

void Neighbours::Enter(std::shared_ptr<Neighbour> one) {
  MutexLock lock(&mutex_);
  all_.push_back(std::move(one));
}

void Neighbours::Leave(const Neighbour& one) {
  MutexLock lock(&mutex_);
  std::erase_if(all_, [&one](const std::shared_ptr<Neighbour>& known) { return known.get() == &one; });
}

void Neighbours::Ask(const std::shared_ptr<Neighbour>& asker) {
  MutexLock lock(&mutex_);
  for (const std::shared_ptr<Neighbour>& other : all_) {
    if (other == asker) continue;
    other->reactor.Post([other, asker] {
      if (other->cluster != nullptr) other->cluster->OnAsked(asker);
    });
  }
}

void Neighbours::Hand(const std::shared_ptr<Neighbour>& to, LoosePlace place) {
  MutexLock lock(&mutex_);
  if (std::find(all_.begin(), all_.end(), to) == all_.end()) return;
  to->reactor.Post([to, place = std::move(place)]() mutable {
    if (to->cluster != nullptr) to->cluster->OnPlace(std::move(place));
  });
}

}  // namespace penstock::upstream
