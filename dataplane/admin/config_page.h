// GET /config: what is running.
#pragma once

#include <string>

#include "dataplane/snapshot/snapshot.h"

namespace penstock::admin {

// JSON: the generation, its hash and counts; listeners, routes and clusters with their addresses; name and version of
// every resource. Of secrets only the names: their data never leaves the snapshot.
std::string ConfigJson(const snapshot::Snapshot& snapshot);

}  // namespace penstock::admin
