// Which policies are in effect on a route, and which objects they are from.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/rollout/pipeline.h"

namespace penstock::management {

// Of each rule of the route, at each listener that it serves: what its policies do, in order, and the object that each
// is from. kNotFound: no data plane has the route. REQUIRES: on the apply thread (Rollout::WithSnapshots).
absl::StatusOr<management::v1::EffectiveResponse> Effective(
    const std::map<std::string, rollout::SnapshotPtr>& snapshots, const management::v1::ObjectRef& route);

}  // namespace penstock::management
