#include "dataplane/server/readiness.h"

#include "absl/strings/str_join.h"
#include "dataplane/base/strings.h"

namespace penstock::server {

admin::Readiness ReadinessOf(const telemetry::ProcessCells& cells, const std::vector<std::string>& control_planes) {
  if (cells.draining.Read() != 0) return {false, "draining: no new connections, please"};
  if (cells.Ready()) {
    return {true, StrCat("serving generation ", cells.generation_epoch.Read(), ".", cells.generation_number.Read())};
  }
  if (control_planes.empty()) return {false, "the generation is being loaded"};
  if (cells.generations_rejected.Read() > 0) {
    return {false, "no generation yet: the one that was sent cannot be served; the log and penstock status say why"};
  }
  if (cells.connected.Read() != 0) {
    return {false, "no generation yet: connected to a control plane, which has none for this data plane"};
  }
  return {false, StrCat("no generation yet: no control plane answers at ", absl::StrJoin(control_planes, ", "))};
}

}  // namespace penstock::server
