// One running call of the management service: who asks, whether there is room for it, and how it waits.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controlplane/rollout/peer.h"
#include "controlplane/rollout/rollout.h"

namespace penstock::management {

// Shared by the calls of one service.
struct CallRoom {
  explicit CallRoom(size_t max) : max_calls(max) {}

  const size_t max_calls;
  std::atomic<size_t> calls{0};
  std::atomic<bool> stopping{false};
};

class Call {
 public:
  // Only operators are admitted, and no more calls than there is room for.
  Call(rollout::Rollout& rollout, CallRoom& room, const grpc::ServerContext& context);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool admitted() const { return admitted_; }
  const grpc::Status& refusal() const { return refusal_; }
  const rollout::Identity& who() const { return who_; }
  std::string peer() const { return context_.peer(); }

  // Until something happened in the fleet after `seen`, at the latest at `deadline`. Not OK: the call is to end with
  // it.
  grpc::Status AwaitNews(uint64_t seen, absl::Time deadline) const;

 private:
  rollout::Rollout& rollout_;
  CallRoom& room_;
  const grpc::ServerContext& context_;
  const rollout::Identity who_;
  bool admitted_ = false;
  grpc::Status refusal_;
};

}  // namespace penstock::management
