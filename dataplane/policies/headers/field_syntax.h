#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace penstock::policies {

inline constexpr size_t kMaxFieldName = 256;    // Gateway API
inline constexpr size_t kMaxFieldValue = 4096;  // Gateway API

bool IsToken(std::string_view text);  // RFC 9110 5.6.2, not empty

// RFC 9110 5.1 and 5.5: a name is a token; a value holds no control characters but tabs and neither begins nor ends
// with a blank.
absl::Status CheckFieldName(std::string_view name);
absl::Status CheckFieldValue(std::string_view value);

std::string LowerCase(std::string_view text);  // ASCII

}  // namespace penstock::policies
