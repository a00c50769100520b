// The named syntaxes of text fields (FieldRules.format).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace penstock::manifests {

struct Format {
  std::string_view name;
  bool (*matches)(std::string_view text);
  std::string_view description;  // completes "must be ...": `a duration such as "2s", "1h30m" or "250ms"`
};

// nullptr if there is no such format.
const Format* FindFormat(std::string_view name);
std::span<const Format> AllFormats();

}  // namespace penstock::manifests
