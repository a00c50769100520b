// The listeners of the newest stored generation, for who looks at the fleet.
#pragma once

#include <map>
#include <string>

#include "api/management/v1/management.pb.h"
#include "controlplane/rollout/pipeline.h"

namespace penstock::management {

// Adds each listener once, by port and name, whichever groups serve it. Of certificates only what everybody sees in a
// handshake. REQUIRES: on the apply thread (Rollout::WithSnapshots).
void AddListeners(const std::map<std::string, rollout::SnapshotPtr>& snapshots, management::v1::FleetStatus& status);

}  // namespace penstock::management
