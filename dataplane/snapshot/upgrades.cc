#include "dataplane/snapshot/upgrades.h"

#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {

bool OffersUpgrades(const Snapshot& snapshot) { return snapshot.state().upgrading_rules > 0; }

}  // namespace penstock::snapshot
