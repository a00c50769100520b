#pragma once

#include <string>
#include <vector>

#include "controlplane/rollout/fleet.h"
#include "controlplane/rollout/publication.h"

namespace penstock::rollout {

// What the streams tell the rollout and ask of it. Any thread. No method calls the Publisher before it returns.
class FleetEvents {
 public:
  virtual ~FleetEvents() = default;
  // The group may be new: its first publication follows on another thread.
  virtual void Connected(SessionId session, const Replica& replica, const GroupSelector& group) = 0;
  virtual void Sent(SessionId session, GenerationId id) = 0;
  virtual void Acked(SessionId session, GenerationId id) = 0;
  virtual void Served(SessionId session, GenerationId id) = 0;
  virtual void Rejected(SessionId session, GenerationId id, const std::vector<std::string>& problems) = 0;
  virtual void Lost(SessionId session) = 0;
  virtual GenerationId Target(SessionId session) = 0;
};

}  // namespace penstock::rollout
