#pragma once

#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"

namespace penstock::policies {

// The row of one policy of policies.bzl.
struct ConfigRow {
  std::string_view type;  // PolicyConfig.type
  // What the policy makes of its configuration. InvalidArgument says what is wrong, beginning with the field's path;
  // Unimplemented what this build does not know.
  absl::StatusOr<PolicyConfigPtr> (*compile)(const google::protobuf::Any& config);
};

// All policies, in the order of policies.bzl. A constant table that the build generates: nothing registers itself at
// start.
std::span<const ConfigRow> ConfigRows();

// The row of TYPE, or nullptr.
const ConfigRow* FindConfigRow(std::string_view type);

}  // namespace penstock::policies
