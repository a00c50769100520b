// The named syntaxes of text fields (FieldRules.format).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace penstock::manifests {

struct Format {
  std::string_view name;
  bool (*matches)(std::string_view text);
  std::string_view description;    // completes "must be ...": `a duration such as "2s", "1h30m" or "250ms"`
  bool by_mistake_secret = false;  // what does not match may be what must not be shown: a key instead of its hash
};

// nullptr if there is no such format.
const Format* FindFormat(std::string_view name);
std::span<const Format> AllFormats();

}  // namespace penstock::manifests
