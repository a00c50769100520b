// Text as a JSON string, which is also a double-quoted YAML scalar.
#pragma once

#include <string>
#include <string_view>

namespace penstock::manifests {

// With its quotes. UTF-8 whatever `text` is (ToUtf8), without anything that a terminal would obey (PrintableJson).
std::string JsonString(std::string_view text);

}  // namespace penstock::manifests
