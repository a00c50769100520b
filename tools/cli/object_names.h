#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/manifests/kinds.h"

namespace penstock::cli {

// A kind as people type it; NotFound with the nearest name if this build knows none such.
absl::StatusOr<const manifests::Kind*> FindKind(std::string_view typed);

// "httproute products users" or "httproute/products backend/users": at least one object. Cluster-scoped kinds get no
// namespace.
absl::StatusOr<std::vector<management::v1::ObjectRef>> ParseObjectNames(const std::vector<std::string>& words,
                                                                        std::string_view ns);

}  // namespace penstock::cli
