// The management service: what the CLI calls. Only certificates of operators may.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "controlplane/management/audit.h"
#include "controlplane/rollout/asker.h"
#include "controlplane/rollout/rollout.h"
#include "dataplane/telemetry/log/log.h"

namespace grpc {
class Service;
}

namespace penstock::management {

struct ServiceOptions {
  std::string build;      // "1.4.0"
  absl::Time started;     // of this process
  size_t max_calls = 64;  // at once, waiting ones included; more are refused with RESOURCE_EXHAUSTED
};

// A synchronous gRPC service: each call has a thread while it runs. What it is given outlives it. After `Stop` returns,
// waiting calls end with UNAVAILABLE within half a second.
class ManagementService {
 public:
  virtual ~ManagementService() = default;
  virtual grpc::Service& service() = 0;
  virtual void Stop() = 0;
};

std::unique_ptr<ManagementService> MakeManagementService(rollout::Rollout& rollout, rollout::Asker& asker,
                                                         AuditLog& audit, telemetry::Log& log, ServiceOptions options);

}  // namespace penstock::management
