#pragma once

#include <vector>

#include "dataplane/snapshot/resource.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::server {

// What CHANGED, of which SNAPSHOT is made, asks of a data plane that this one cannot do: what it would have to speak in
// another way than it is told is refused, never served in the clear. None: all can be served.
std::vector<snapshot::ResourceProblem> FindUnserved(const snapshot::Snapshot& snapshot,
                                                    const std::vector<snapshot::Resource>& changed);

}  // namespace penstock::server
