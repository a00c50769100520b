#include "dataplane/policies/policy_registry.h"

namespace penstock::policies {

const PolicyRow* FindPolicyRow(std::string_view type) {
  for (const PolicyRow& row : PolicyRows()) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

}  // namespace penstock::policies
