#pragma once

#include "dataplane/snapshot/explain.h"

// Where a request or connection to explain arrives, and who answers its handshake.
namespace penstock::snapshot {

// The place that a request to explain arrives at; nullptr: nothing listens there.
const BindGroup* GroupFor(const Snapshot& snapshot, const ExplainRequest& request);

std::string_view NameOf(ListenerProtocol protocol);    // "HTTPS"
std::string_view SchemeOf(ListenerProtocol protocol);  // "https://"

// Connections begin with a handshake there, or with a hello at least.
bool IsSecure(const BindGroup& group);

// Nothing listens where REQUEST goes.
void ExplainClosedPort(const Snapshot& snapshot, const ExplainRequest& request, Explanation& explanation);

// The listener of GROUP, which IsSecure, that answers the handshake of REQUEST; nullptr: it is refused.
const CompiledListener* ExplainHandshake(const Snapshot& snapshot, const BindGroup& group,
                                         const ExplainRequest& request, Explanation& explanation);

}  // namespace penstock::snapshot
