// What one replica would do with a request, which the replica itself is asked.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/rollout/asker.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::management {

inline constexpr absl::Duration kReplicaLimit = absl::Seconds(5);

// Waits for at most kReplicaLimit, or until CONTEXT is cancelled. Errors: those of rollout::Asker, and
// kDeadlineExceeded, kCancelled and, if the replica says why it cannot tell, kAborted.
absl::StatusOr<snapshot::Explanation> ExplainLive(rollout::Asker& asker, const std::string& replica,
                                                  const snapshot::ExplainRequest& question,
                                                  const grpc::ServerContext& context);

}  // namespace penstock::management
