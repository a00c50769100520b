// Fields that a policy says in vain, since an older one of its kind says them for the very same target. What decides
// among policies that are not equally close (rule, route, listener, Gateway, override) is no conflict, but the point.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

struct PolicyConflict {
  std::vector<ObjectKey> with;      // the older policies, the oldest first
  std::vector<std::string> fields;  // "rules", "timeouts.request": as they are merged
  bool decides_nothing = false;     // all fields of the policy are among them

  // "rules, key: RateLimitPolicy shop/old, which goes first, says them for Gateway shop/edge"
  std::string ToString(const ObjectKey& target) const;
};

// REQUIRES: the policy's targetRefs name the target and section.
std::optional<PolicyConflict> ConflictOf(const Upsert& policy, const ObjectKey& target, std::string_view section,
                                         Reader& reader);

}  // namespace penstock::translator
