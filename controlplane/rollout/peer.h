// Who calls one of our gRPC services, and how our errors reach them.
#pragma once

#include "absl/status/status.h"
#include "controlplane/rollout/identity.h"
#include "grpcpp/grpcpp.h"

namespace penstock::rollout {

// The identity in the verified certificate of the call's other end; Role::kNone without one.
Identity PeerIdentity(const grpc::ServerContextBase& context);

// The same code and message: absl's codes are gRPC's.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace penstock::rollout
