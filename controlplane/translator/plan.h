// What a change of an object means, in words: the lines under "plan" of apply, diff and history.
#pragma once

#include <string>
#include <vector>

#include "controlplane/manifests/object.h"

namespace penstock::translator {

// One line per difference: `rule "catalog": weights products-v1 100 -> 90, products-v2 + 10`,
// `spec.listeners[http].port: 80 -> 8080`, `spec.endpoints: + {address: 10.0.0.3, port: 81}`. Empty if both are the
// same. `before` nullptr: the object is new; `after` nullptr: it is deleted; then the lines are what a route does or
// did, and none for other kinds. At most kMaxPlanLines, then one that says how many more. Values of secrets are never
// told.
std::vector<std::string> DescribeChange(const manifests::Object* before, const manifests::Object* after);

inline constexpr size_t kMaxPlanLines = 50;

// What a route does, one rule a line: `rule "catalog": PathPrefix /products GET -> products-v1:8082 90,
// products-v2:8082 10`. nullptr or another kind than HTTPRoute: nothing.
std::vector<std::string> DescribeRoute(const manifests::Object* route);

}  // namespace penstock::translator
