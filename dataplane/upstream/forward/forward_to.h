#pragma once

#include "dataplane/upstream/cluster.h"
#include "dataplane/upstream/forward/forward.h"
#include "dataplane/upstream/forward/mirror.h"

namespace penstock::upstream {

// Forward() to what a view shows. MIRRORS may be null.
Task<Reason> ForwardTo(Exchange& x, ViewRef view, const snapshot::Forward& rule, Mirrors* mirrors,
                       InformationalSink* informational);

}  // namespace penstock::upstream
