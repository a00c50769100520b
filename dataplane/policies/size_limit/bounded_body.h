#pragma once

#include <cstdint>

#include "dataplane/exchange/body.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/size_limit/size_limit_config.h"

namespace penstock::policies {

// Content that ends with an error (kResourceExhausted) where it goes over a bound, and tells the exchange why and whose
// bound it is. What a tunnel carries is none.
class BoundedBody final : public Body {
 public:
  // Around X's request body. X, what it was, BOUND and the policy that has it outlive this.
  BoundedBody(Exchange& x, const SizeBound& bound, const Policy& policy)
      : x_(x), inner_(*x.request_body), bound_(bound), policy_(policy) {}

  Task<StatusOr<Chunk>> Read() override;
  void Cancel() override { inner_.Cancel(); }
  Task<void> Finish() override { return inner_.Finish(); }

 private:
  Task<StatusOr<Chunk>> WaitFor(Task<StatusOr<Chunk>> read);
  StatusOr<Chunk> Count(StatusOr<Chunk> chunk);

  Exchange& x_;
  Body& inner_;
  const SizeBound& bound_;
  const Policy& policy_;
  uint64_t bytes_ = 0;
};

}  // namespace penstock::policies
