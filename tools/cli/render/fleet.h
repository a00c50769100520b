#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "api/management/v1/management.pb.h"
#include "tools/cli/exit.h"

namespace penstock::cli {

// `penstock status`: groups, then every replica with what it serves and its last NACK. `now` gives "2 min ago".
std::string FleetText(const management::v1::FleetStatus& fleet, absl::Time now);

// `penstock status replica/ID`: all that is known of one.
std::string ReplicaText(const management::v1::ReplicaStatus& replica, absl::Time now);

// 0 converged (or no replica at all), 1 converging, 5 the newest generation is rejected.
Exit ExitOf(const management::v1::FleetStatus& fleet);

// "served 2/3": what `wait` shows while it waits for `generation` (0: the newest).
std::string WaitText(const management::v1::FleetStatus& fleet, uint64_t generation);

// "edge-2  lagging, serves generation 41": a replica that a wait did not see arrive.
std::string LaggingText(const management::v1::ReplicaStatus& replica);

// "12 s ago", "never".
std::string Ago(const google::protobuf::Timestamp& time, absl::Time now);

}  // namespace penstock::cli
