#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/base/strings.h"

// Small text helpers over std::string_view, which Debian's Abseil does not take.
namespace penstock::cli {

template <typename... Ts>
void StrAppend(std::string* to, const Ts&... values) {
  to->append(StrCat(values...));
}

inline bool StartsWith(std::string_view text, std::string_view prefix) { return text.starts_with(prefix); }
inline bool StrContains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline bool ConsumePrefix(std::string_view* text, std::string_view prefix) {
  bool there = text->starts_with(prefix);
  if (there) text->remove_prefix(prefix.size());
  return there;
}
inline bool ConsumeSuffix(std::string_view* text, std::string_view suffix) {
  bool there = text->ends_with(suffix);
  if (there) text->remove_suffix(suffix.size());
  return there;
}

std::string_view StripWhitespace(std::string_view text);
std::string LowerCase(std::string_view text);
std::string UpperCase(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// All parts, empty ones too; views into `text`.
std::vector<std::string_view> Split(std::string_view text, std::string_view separator);
// Before and after the first `separator`; the second part is empty if there is none.
std::pair<std::string_view, std::string_view> SplitOnce(std::string_view text, char separator);

template <typename Range>
std::string Join(const Range& parts, std::string_view separator) {
  std::string text;
  bool first = true;
  for (const auto& part : parts) {
    if (!first) text += separator;
    text += part;
    first = false;
  }
  return text;
}

// The whole of `text` as a number, or false.
template <typename T>
bool ReadNumber(std::string_view text, T* number, int base = 10) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace penstock::cli
