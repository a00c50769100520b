// What would happen to a request, decided by the newest stored generation with the data plane's own code.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/rollout/pipeline.h"
#include "controlplane/translator/translate.h"

namespace penstock::management {

// Asks the snapshot of each group in turn and answers with the first that routes the request; if none does, with the
// first that has a listener for it, else with the nearest ports that there are. STATE, which they were made of, says
// what they do not hold: why a listener or backend is not served. kInvalidArgument for a URL, method or header that no
// client could send. REQUIRES: on the apply thread (Rollout::WithSnapshots).
absl::StatusOr<management::v1::ExplainResponse> Explain(const std::map<std::string, rollout::SnapshotPtr>& snapshots,
                                                        const translator::StatePtr& state,
                                                        const management::v1::ExplainRequest& request);

}  // namespace penstock::management
