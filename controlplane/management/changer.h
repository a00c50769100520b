// A call that changes something, from the change to its outcome: the events that Apply, Delete and Rollback stream
// alike.
#pragma once

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/management/audit.h"
#include "controlplane/management/call.h"
#include "controlplane/management/convergence.h"
#include "controlplane/rollout/rollout.h"
#include "dataplane/telemetry/log/log.h"

namespace penstock::management {

// What every changing request has.
struct ChangeRequest {
  std::string verb;  // "apply"
  management::v1::ChangeOptions options;
  uint64_t digest = 0;
  absl::Time start;
};

class Changer {
 public:
  // False: the caller is gone.
  using Emit = std::function<bool(const management::v1::ApplyEvent&)>;

  // All outlive the changer.
  Changer(rollout::Rollout& rollout, AuditLog& audit, telemetry::Log& log)
      : rollout_(rollout), audit_(audit), log_(log) {}

  // Changes, tells findings, plan and generation, waits for the fleet as the options say, tells progress and the
  // outcome. An error is one of the control plane itself; what the caller did wrong is in the outcome.
  grpc::Status Run(const Call& call, const ChangeRequest& change, rollout::Wish wish, const Emit& emit);

  // Why a generation is halted, with the replica's own words.
  std::string RejectionText(store::GenerationId id);

 private:
  void Audit(const Call& call, const ChangeRequest& change, const absl::StatusOr<rollout::ChangeResult>& result);
  grpc::Status AwaitConvergence(const Call& call, const ChangeRequest& change, store::GenerationId id,
                                const Emit& emit);
  management::v1::ApplyEvent ProgressEvent(store::GenerationId id, const rollout::Spread& spread);

  rollout::Rollout& rollout_;
  AuditLog& audit_;
  telemetry::Log& log_;
};

}  // namespace penstock::management
