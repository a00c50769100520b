// Text that came from elsewhere, on its way to people and programs: what somebody wrote must neither steer a terminal
// nor break JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock {

// Bytes of the UTF-8 character (RFC 3629) that `text` begins with; 0 if it begins with none.
size_t Utf8Length(std::string_view text);

// What becomes of a character that is not shown: controls (C0, DEL, C1), what turns the direction of writing, and bytes
// that are not UTF-8.
enum class Hidden {
  kEscaped,   // "\x1b", "\u009b": nothing is lost
  kOneColumn  // '?', for a tab ' ': what stands in the next line stays below
};

// `text` with nothing in it that a terminal would obey. UTF-8, whatever `text` was.
std::string Printable(std::string_view text, Hidden hidden = Hidden::kEscaped);

// The same, line by line: line feeds stay.
std::string PrintableLines(std::string_view text);

// Each byte that is not UTF-8 becomes U+FFFD.
std::string ToUtf8(std::string_view text);

// JSON text as it may be shown on a terminal: in its strings the characters that Printable() hides, written as JSON
// writes them (\u009b). REQUIRES: `json` is UTF-8.
std::string PrintableJson(std::string_view json);

}  // namespace penstock
