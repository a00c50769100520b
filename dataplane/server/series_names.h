// Which metric series a change of configuration adds and removes.
#pragma once

#include "dataplane/snapshot/resource.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/telemetry/stats/registry.h"

namespace penstock::server {

struct SeriesChange {
  telemetry::SeriesNames added;
  telemetry::SeriesNames removed;
};

// What leads from PREVIOUS (null: nothing) to NEXT, which came out of it by DELTA. Costs O(DELTA); names that stay are
// in neither list.
SeriesChange SeriesOfDelta(const snapshot::Snapshot* previous, const snapshot::Snapshot& next,
                           const snapshot::Delta& delta);

// The same for two snapshots that have nothing to do with each other. Costs O(both).
SeriesChange SeriesOfReplacement(const snapshot::Snapshot* previous, const snapshot::Snapshot& next);

}  // namespace penstock::server
