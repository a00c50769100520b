#include "controlplane/store/check.h"

#include <algorithm>

#include "dataplane/base/strings.h"

namespace penstock::store {

absl::Status CheckLimits(const Transaction& transaction) {
  if (transaction.record.request_id.size() > Limits::kMaxRequestIdBytes) {
    return absl::InvalidArgumentError(
        StrCat("the request id is longer than ", Limits::kMaxRequestIdBytes, " bytes: use a UUID"));
  }
  if (transaction.record.plan.size() > Limits::kMaxPlanBytes) {
    return absl::InvalidArgumentError(
        StrCat("the change is described in more than ", Limits::kMaxPlanBytes, " bytes: apply it in several parts"));
  }
  for (const ObjectWrite& write : transaction.writes) {
    if (write.bytes.has_value() && write.bytes->size() > Limits::kMaxObjectBytes) {
      return absl::InvalidArgumentError(StrCat(write.key.kind, " ", write.key.ns, "/", write.key.name, " has ",
                                               write.bytes->size(), " bytes, more than ", Limits::kMaxObjectBytes,
                                               ": split it into several objects"));
    }
  }
  return absl::OkStatus();
}

GenerationId NextId(const Transaction& transaction) {
  const GenerationId before = transaction.expected;
  return {.epoch = std::max<uint64_t>({before.epoch, transaction.new_epoch, 1}), .number = before.number + 1};
}

absl::Status MovedOn(GenerationId expected, GenerationId newest) {
  return absl::AbortedError(StrCat("the store is at generation ", ToString(newest), ", not ", ToString(expected),
                                   ": somebody else changed it meanwhile; look at the new state and try again"));
}

absl::Status NoSuchGeneration(uint64_t number) {
  return absl::NotFoundError(StrCat("generation ", number, " does not exist, or is older than the last ",
                                    Limits::kKeptGenerations, ": see `penstock history`"));
}

}  // namespace penstock::store
