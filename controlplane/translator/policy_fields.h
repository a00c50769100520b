// Which fields of SecurityPolicies and RateLimitPolicies the policies of a chain are made of (access_wire.h).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace penstock::translator {

// The field of the manifest that a policy of that type of a chain is made of: "spec.jwt"; "spec" if it is several.
std::string_view FieldOfPolicy(std::string_view type);

// The field that a field of its configuration is made of, which is given part by part: of "authorization"
// {"rules[0]", "condition", "paths[1]"} is "spec.authorization.rules[0].when.paths[1].value".
std::string FieldInPolicy(std::string_view type, std::span<const std::string> parts);

}  // namespace penstock::translator
