#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// Debian's Abseil is built with an absl::string_view of its own that does not convert to or from std::string_view. Our
// code says std::string_view, and crosses here.
namespace penstock {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

namespace strings_internal {
template <typename T>
decltype(auto) StrCatArgument(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(value);
  } else {
    return (value);
  }
}
}  // namespace strings_internal

// absl::StrCat that takes std::string_view too.
template <typename... Ts>
std::string StrCat(const Ts&... values) {
  return absl::StrCat(strings_internal::StrCatArgument(values)...);
}

}  // namespace penstock
