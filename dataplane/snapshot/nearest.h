#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/snapshot/explain.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

// "PathPrefix /products (9 chars) + method GET + header x-env = prod".
std::string DescribeMatch(const router::Match& match);

// The matches of LISTENER that came nearest to REQUEST without serving it, nearest first: those that hold but go after
// WINNER, then those that fail at the query, a header, the method, the path, the host. One per rule, at most
// kMaxMisses.
std::vector<ExplainedMiss> NearestMisses(const Snapshot& snapshot, std::string_view listener,
                                         const router::Request& request, const router::Match* winner);

}  // namespace penstock::snapshot
