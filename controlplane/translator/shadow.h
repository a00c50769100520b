// Rules that never get a request, because an equal match goes first, and routes that get no connection.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controlplane/translator/state.h"

namespace penstock::translator {

// `claims` of one text by precedence. One warning for each but the first.
std::vector<Finding> ShadowedBy(const std::vector<ClaimPtr>& claims, const PersistentMap<ObjectKey, Upsert>& objects);

// Appends those that were not seen yet: a rule that is shadowed on two listeners is one thing to tell.
void AddNewShadows(const std::vector<Finding>& shadows, std::set<std::string>& seen, std::vector<Finding>& findings);

}  // namespace penstock::translator
