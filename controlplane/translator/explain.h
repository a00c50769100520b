// What would happen to a request, as people ask for it and are told: the data plane's own code decides, this room says
// where what it decides by was written, and why something is not served at all.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/translator/translate.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::translator {

// InvalidArgument for a URL, method or header that no client could send.
absl::StatusOr<snapshot::ExplainRequest> QuestionOf(const management::v1::ExplainRequest& request);

// Asks each snapshot in turn and answers with the first that routes the request; if none does, with the first that has
// a listener for it, else with the nearest ports that there are.
snapshot::Explanation ExplainByAny(std::span<const snapshot::Snapshot* const> snapshots,
                                   const snapshot::ExplainRequest& request);

// What snapshots do not hold and STATE, which they were made of, does: where each policy was written, and why a
// listener or backend is not served.
void AddReasons(const StatePtr& state, snapshot::Explanation& explanation);

management::v1::ExplainResponse ResponseOf(const snapshot::Explanation& explanation);

}  // namespace penstock::translator
