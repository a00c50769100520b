#pragma once

#include <string>
#include <vector>

#include "dataplane/admin/control.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::server {

// What /ready says, and why: of the process as CELLS show it. CONTROL_PLANES: where generations come from; none: a
// file.
admin::Readiness ReadinessOf(const telemetry::ProcessCells& cells, const std::vector<std::string>& control_planes);

}  // namespace penstock::server
