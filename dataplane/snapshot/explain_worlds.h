#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/exchange/identity.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::snapshot {

// What becomes of one request if some of its credentials that cannot be checked here do not hold, while the others do.
struct World {
  std::vector<AuthMethod> doubted;
  Explanation explanation;
};

// Each choice of ASSUMED that may not hold, but for none.
std::vector<std::vector<AuthMethod>> ChoicesOf(const std::vector<AuthMethod>& assumed);

// One explanation of all that may be: FIRST, in which every credential holds, and OTHERS, of the same request. A policy
// that does not do the same in all of them is "unknown", and so is what comes of it; the request is denied if it is in
// each.
Explanation Merge(Explanation first, std::vector<World> others);

}  // namespace penstock::snapshot
