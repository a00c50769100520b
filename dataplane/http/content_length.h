#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::http {

// The value of a Content-Length field: 1*DIGIT without overflow (RFC 9110 8.6), else nothing.
inline std::optional<uint64_t> ParseContentLength(std::string_view text) {
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    uint64_t digit = static_cast<uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace penstock::http
