#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/cli/console.h"
#include "tools/cli/exit.h"
#include "tools/cli/fleet_layout.h"
#include "tools/cli/processes.h"

namespace penstock::cli {

// The running fleet of `penstock up`: starts the processes of a layout, watches them, and stops them in order. One
// thread; `layout` and `console` outlive it.
class FleetRunner {
 public:
  FleetRunner(const FleetLayout& layout, Processes& processes, Console& console)
      : layout_(layout), processes_(processes), console_(console) {}

  // Certificates for everybody from a throw-away CA, and the folders. Keeps those that a former run left in a kept
  // folder.
  absl::Status Prepare();

  // Demo services, control plane, replicas, in this order; each answers before the next. Cancelled when a stop signal
  // came, DataLoss when a process died.
  absl::Status Start();

  // Applies manifests and waits until every replica serves the newest generation. The exit of the first step that
  // failed; its words are on the console already.
  absl::StatusOr<Exit> ApplyAndWait(const std::vector<std::string>& files);

  // Until a stop signal. Tells of every process that dies meanwhile, and how to start it again.
  void Watch();

  // Replicas, then demo services, then the control plane.
  void Stop();

 private:
  absl::Status StartOne(const Program& program);
  absl::StatusOr<Exit> RunOurselves(std::vector<std::string> arguments);
  void TellDeath(const Death& death);

  const FleetLayout& layout_;
  Processes& processes_;
  Console& console_;
};

}  // namespace penstock::cli
