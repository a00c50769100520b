#pragma once

#include "dataplane/snapshot/explain.h"

// Where a request or connection to explain arrives, and who answers its handshake.
namespace penstock::snapshot {

// The place that a request to explain arrives at; nullptr: nothing listens there.
const BindGroup* GroupFor(const Snapshot& snapshot, const ExplainRequest& request);

// Nothing listens where REQUEST goes.
void ExplainClosedPort(const Snapshot& snapshot, const ExplainRequest& request, Explanation& explanation);

// The listener of GROUP, whose protocol IsSecure, that answers the handshake of REQUEST; nullptr: it is refused.
const CompiledListener* ExplainHandshake(const Snapshot& snapshot, const BindGroup& group,
                                         const ExplainRequest& request, Explanation& explanation);

}  // namespace penstock::snapshot
