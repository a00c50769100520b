#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "dataplane/exchange/identity.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::snapshot {

// What becomes of one request if some of its credentials that cannot be checked here do not hold, while the others do.
struct World {
  std::vector<AuthMethod> doubted;
  Explanation explanation;
};

// Explains the request as if the credentials of DOUBTED do not hold; adds those that are assumed to hold to ASSUMED.
using ExplainAs =
    absl::FunctionRef<Explanation(const std::vector<AuthMethod>& doubted, std::vector<AuthMethod>& assumed)>;

// Of every way in which things may be, but for the one in which nothing is doubted, of which ASSUMED is. A credential
// may be looked at only because another one does not hold.
std::vector<World> OtherWorlds(const std::vector<AuthMethod>& assumed, ExplainAs explain);

// One explanation of all that may be: FIRST, in which every credential holds, and OTHERS, of the same request. A policy
// that does not do the same in all of them is "unknown", and so is what comes of it; the request is denied if it is in
// each.
Explanation Merge(Explanation first, std::vector<World> others);

}  // namespace penstock::snapshot
