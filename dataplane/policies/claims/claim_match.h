#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "dataplane/jose/json.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// Calls VISIT with the text of VALUE, or of each item if it is a list: strings as they are, whole numbers and booleans
// as they are written. Nothing else is a text: neither objects nor fractions nor null. VISIT says whether to go on.
void ForEachText(jose::JsonValue value, absl::FunctionRef<bool(std::string_view text)> visit);

// "The claim NAME is one of VALUES": of a claim that is a list, one of its items is. Without values: it is there, and
// not null.
struct ClaimMatch {
  explicit ClaimMatch(const xds::v1::ClaimMatch& config)
      : name(config.name()), values(config.values().begin(), config.values().end()) {}

  bool Holds(jose::JsonValue claims) const;
  std::string Describe() const;  // "tier is gold or silver", "email is there"

  std::string name;  // dotted path
  std::vector<std::string> values;
};

}  // namespace penstock::policies
