// What every implementation of the store decides alike.
#pragma once

#include "absl/status/status.h"
#include "controlplane/store/store.h"

namespace penstock::store {

// kInvalidArgument if `transaction` exceeds Limits.
absl::Status CheckLimits(const Transaction& transaction);

// The id that a commit of `transaction` gets.
GenerationId NextId(const Transaction& transaction);

absl::Status MovedOn(GenerationId expected, GenerationId newest);
absl::Status NoSuchGeneration(uint64_t number);

}  // namespace penstock::store
