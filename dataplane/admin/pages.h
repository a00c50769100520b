// The pages that a data plane serves to operators.
#pragma once

#include <vector>

#include "dataplane/admin/control.h"
#include "dataplane/telemetry/scrape/status_server.h"

namespace penstock::admin {

// /metrics, /ready, /live: read-only and harmless, for --metrics-address. Borrows all.
std::vector<telemetry::StatusPage> PublicPages(Control& control, const telemetry::Registry& registry);

// Those and /config, /stats, /explain, /drain, /log-level: for the admin socket only. Borrows all but FACTS.
std::vector<telemetry::StatusPage> AdminPages(Control& control, const telemetry::Registry& registry,
                                              telemetry::Log& log, ProcessFacts facts);

}  // namespace penstock::admin
