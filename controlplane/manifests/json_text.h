// Text as a JSON string, which is also a double-quoted YAML scalar.
#pragma once

#include <string>
#include <string_view>

namespace penstock::manifests {

// With its quotes. REQUIRES: `text` is UTF-8.
std::string JsonString(std::string_view text);

}  // namespace penstock::manifests
