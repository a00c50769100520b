#pragma once

#include <string_view>

// What several grammars of HTTP share, byte by byte.
namespace penstock {

// A blank is what may stand around a value: space or tab (RFC 9110 5.6.3).
constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

constexpr std::string_view WithoutBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// Of a hexadecimal digit in either case; -1 if C is none.
constexpr int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The byte that TEXT stands for if it begins with "%XY" (RFC 3986 2.1); else -1.
constexpr int EscapedByte(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  int high = HexValue(text[1]);
  int low = HexValue(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace penstock
