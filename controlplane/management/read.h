// Objects and generations as the management API shows them.
#pragma once

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/rollout/rollout.h"

namespace penstock::management {

// Calls `take` for every object that the request names, by key; it returns false to stop. kNotFound if a name was asked
// for that does not exist, kInvalidArgument for an unknown kind (with the nearest one) or a selector that cannot be
// read. Secrets are redacted.
absl::Status ReadObjects(rollout::Rollout& rollout, const management::v1::GetRequest& request,
                         absl::FunctionRef<bool(const management::v1::GetResponse&)> take);

absl::StatusOr<management::v1::HistoryResponse> ReadHistory(rollout::Rollout& rollout,
                                                            const management::v1::HistoryRequest& request);

// The key that a reference of a request means: kind in any spelling, namespace "default" where the kind has one and
// none was given.
absl::StatusOr<manifests::ObjectKey> KeyOf(const management::v1::ObjectRef& ref);

}  // namespace penstock::management
