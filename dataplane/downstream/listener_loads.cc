#include "dataplane/downstream/listener_loads.h"

namespace penstock::downstream {

ListenerLoads::Seat ListenerLoads::Enter(const std::string& listener, int64_t most) {
  MutexLock lock(&mutex_);
  int64_t& open = open_[listener];
  if (open >= most) {
    if (open == 0) open_.erase(listener);
    return Seat();
  }
  ++open;
  return Seat(*this, listener);
}

void ListenerLoads::Leave(const std::string& listener) {
  MutexLock lock(&mutex_);
  auto found = open_.find(listener);
  if (--found->second == 0) open_.erase(found);
}

}  // namespace penstock::downstream
