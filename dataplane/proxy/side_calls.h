#pragma once

#include "dataplane/exchange/side_calls.h"

namespace penstock::proxy {

struct Proxy;

// Sends what policies ask through the worker's upstreams, to clusters of the generation that it serves now.
class WorkerSideCalls final : public SideCalls {
 public:
  // PROXY outlives it.
  explicit WorkerSideCalls(Proxy& proxy) : proxy_(proxy) {}
  Task<StatusOr<const SideResponse*>> Send(Exchange& x, SideRequest request) override;

 private:
  Proxy& proxy_;
};

}  // namespace penstock::proxy
