// Small text helpers over std::string_view (Debian's Abseil has a string_view of its own that does not mix with it).
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace penstock::manifests {

inline char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
inline bool IsAlpha(char c) { return IsLower(ToLower(c)); }
inline bool IsAlphaNumeric(char c) { return IsAlpha(c) || IsDigit(c); }

inline bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return ToLower(x) == ToLower(y); });
}

inline std::string_view Strip(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

inline void AppendPart(std::string& to, std::string_view part) { to += part; }
inline void AppendPart(std::string& to, const char* part) { to += part; }
inline void AppendPart(std::string& to, char part) { to += part; }
template <std::integral T>
void AppendPart(std::string& to, T part) {
  to += std::to_string(part);
}

template <typename... Parts>
void Append(std::string& to, const Parts&... parts) {
  (AppendPart(to, parts), ...);
}

// Strings, characters and whole numbers, one after the other.
template <typename... Parts>
std::string Cat(const Parts&... parts) {
  std::string text;
  Append(text, parts...);
  return text;
}

// The whole of `text` as a number, or false.
template <typename T>
bool ReadNumber(std::string_view text, T& number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace penstock::manifests
