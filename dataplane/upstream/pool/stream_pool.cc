#include "dataplane/upstream/pool/stream_pool.h"

namespace penstock::upstream {

MultiplexedConnection* StreamPool::FindRoom(TimePoint now) {
  MultiplexedConnection* found = nullptr;
  open_.ForEach([&](MultiplexedConnection& connection) {
    if (connection.Expired(now)) return connection.Retire();
    if (found == nullptr && connection.HasRoom()) found = &connection;
  });
  return found;
}

bool StreamPool::CloseIdle() {
  MultiplexedConnection* idle = nullptr;
  open_.ForEach([&](MultiplexedConnection& connection) {
    if (idle == nullptr && connection.idle()) idle = &connection;
  });
  if (idle != nullptr) idle->CloseNow();
  return idle != nullptr;
}

void StreamPool::RetireAll() {
  while (!open_.empty()) open_.front().Retire();
}

bool StreamPool::connecting() {
  bool connecting = connecting_;
  open_.ForEach([&connecting](MultiplexedConnection& connection) { connecting |= connection.unsettled(); });
  return connecting;
}

void StreamPool::Connected(MultiplexedConnection& connection) {
  connecting_ = false;
  open_.PushBack(connection);
  OnRoom();
}

void StreamPool::ConnectEnded() {
  connecting_ = false;
  OnRoom();
}

void StreamPool::Fail(AcquireFailure why) {
  ++failures_;
  last_failure_ = why;
  OnRoom();
}

}  // namespace penstock::upstream
