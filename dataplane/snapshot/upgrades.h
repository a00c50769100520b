#pragma once

#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

// Is there a rule that lets requests switch to another protocol, whatever its listener? Costs nothing: it is counted as
// routes come and go.
bool OffersUpgrades(const Snapshot& snapshot);

}  // namespace penstock::snapshot
