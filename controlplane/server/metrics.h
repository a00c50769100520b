// What Prometheus gets from a control plane.
#pragma once

#include <string>

#include "controlplane/management/audit.h"
#include "controlplane/rollout/rollout.h"
#include "controlplane/tickets/keeper.h"
#include "controlplane/xds/hub.h"

namespace penstock::server {

// The text of a scrape.
std::string ControlPlaneMetrics(const rollout::Rollout& rollout, const xds_server::Hub& hub,
                                const management::AuditLog& audit, const tickets::Keeper& ticket_keys,
                                const std::string& build);

}  // namespace penstock::server
