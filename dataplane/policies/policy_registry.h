#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/config.h"
#include "dataplane/policies/material.h"

namespace penstock::policies {

// The row of one policy of policies.bzl: how its configuration becomes what runs.
struct PolicyRow {
  std::string_view type;
  // REQUIRES: CONFIG was compiled by the row of the same type in config_registry.h. An error says what of the material
  // is missing or unfit, without secrets.
  StatusOr<std::shared_ptr<const Policy>> (*make)(PolicyConfigPtr config, const Material& material);
};

// All policies, in the order of policies.bzl. A constant table that the build generates.
std::span<const PolicyRow> PolicyRows();

// The row of TYPE, or nullptr.
const PolicyRow* FindPolicyRow(std::string_view type);

}  // namespace penstock::policies
