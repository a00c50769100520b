// JSON writes characters beyond U+FFFF as two escapes (RFC 8259 section 7), which YAML does not know.
#pragma once

#include <string>
#include <string_view>

namespace penstock::manifests {

// If `text` is JSON with such pairs in its strings: `text` with each written as the character it is. Otherwise "".
// Halves without the other half stay as they are: YAML refuses them.
std::string JoinSurrogates(std::string_view text);

}  // namespace penstock::manifests
