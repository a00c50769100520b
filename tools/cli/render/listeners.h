#pragma once

#include <string>

#include "absl/time/time.h"
#include "api/management/v1/management.pb.h"

namespace penstock::cli {

// `penstock status`: a row for each listener: where it listens, what it speaks, and until when its certificates count.
// At most kListenersShown rows, and how many there are besides. "" without listeners.
inline constexpr int kListenersShown = 50;
std::string ListenersText(const management::v1::FleetStatus& fleet, absl::Time now);

}  // namespace penstock::cli
