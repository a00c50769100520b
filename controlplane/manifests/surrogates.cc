#include "controlplane/manifests/surrogates.h"

#include <charconv>
#include <cstdint>

namespace penstock::manifests {
namespace {

constexpr size_t kEscape = 6;  // \uD83D

// The UTF-16 unit of the escape that `text` begins with; 0 if it begins with none.
uint32_t UnitAt(std::string_view text) {
  if (text.size() < kEscape || !text.starts_with("\\u")) return 0;
  uint32_t unit = 0;
  const char* end = text.data() + kEscape;
  auto [stop, error] = std::from_chars(text.data() + 2, end, unit, 16);
  return error == std::errc() && stop == end ? unit : 0;
}

// The character beyond U+FFFF whose two escapes `text` begins with; 0 if it begins with none.
uint32_t PairAt(std::string_view text) {
  uint32_t high = UnitAt(text);
  if (high < 0xD800 || high > 0xDBFF) return 0;
  uint32_t low = UnitAt(text.substr(kEscape));
  if (low < 0xDC00 || low > 0xDFFF) return 0;
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

void AppendUtf8(uint32_t code, std::string& to) {
  to += static_cast<char>(0xF0 | (code >> 18));
  to += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
  to += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
  to += static_cast<char>(0x80 | (code & 0x3F));
}

bool IsJson(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && (text[begin] == '{' || text[begin] == '[');
}

}  // namespace

std::string JoinSurrogates(std::string_view text) {
  bool may_have_pairs = text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos;
  if (!may_have_pairs || !IsJson(text)) return "";
  std::string joined;
  bool in_string = false;
  for (size_t at = 0; at < text.size();) {
    uint32_t code = in_string ? PairAt(text.substr(at)) : 0;
    bool escaped = in_string && text[at] == '\\';
    if (text[at] == '"') in_string = !in_string;
    if (code != 0) {
      AppendUtf8(code, joined);
      at += 2 * kEscape;
    } else {
      joined += text.substr(at, escaped ? 2 : 1);
      at += escaped ? 2 : 1;
    }
  }
  return joined;
}

}  // namespace penstock::manifests
