#include "controlplane/management/call.h"

#include <algorithm>
#include <vector>

namespace penstock::management {
namespace {

// How soon a waiting call notices that its caller went away.
constexpr absl::Duration kPoll = absl::Milliseconds(250);

}  // namespace

Call::Call(rollout::Rollout& rollout, CallRoom& room, const grpc::ServerContext& context)
    : rollout_(rollout), room_(room), context_(context), who_(rollout::PeerIdentity(context)) {
  if (who_.role != rollout::Role::kOperator) {
    refusal_ = grpc::Status(grpc::StatusCode::PERMISSION_DENIED,
                            "managing needs a certificate with the URI spiffe://penstock/operator/NAME");
  } else if (room_.calls.fetch_add(1) >= room_.max_calls) {
    room_.calls.fetch_sub(1);
    refusal_ = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many management calls at once: try again");
  } else {
    admitted_ = true;
  }
}

Call::~Call() {
  if (admitted_) room_.calls.fetch_sub(1);
}

grpc::Status Call::AwaitNews(uint64_t seen, absl::Time deadline) const {
  while (true) {
    if (context_.IsCancelled()) return grpc::Status(grpc::StatusCode::CANCELLED, "the caller went away");
    if (room_.stopping.load()) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the control plane is stopping: ask again");
    }
    const absl::Time now = absl::Now();
    if (now >= deadline || rollout_.Version() != seen) return grpc::Status::OK;
    rollout_.AwaitNews(seen, std::min(deadline, now + kPoll));
  }
}

}  // namespace penstock::management
