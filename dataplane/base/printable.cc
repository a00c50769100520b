#include "dataplane/base/printable.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_format.h"

namespace penstock {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Of a valid character.
uint32_t CodePoint(std::string_view character) {
  auto byte = static_cast<unsigned char>(character.front());
  uint32_t code = character.size() == 1 ? byte : byte & (0xFFu >> (character.size() + 1));
  for (char c : character.substr(1)) code = (code << 6) | (static_cast<unsigned char>(c) & 0x3Fu);
  return code;
}

bool IsControl(uint32_t code) { return code < 0x20 || (code >= 0x7F && code <= 0x9F); }

// Unicode's explicit marks, embeddings, overrides and isolates of direction, and its line and paragraph separators.
bool Steers(uint32_t code) {
  return code == 0x061C || (code >= 0x200E && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

bool IsContinuation(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

}  // namespace

size_t Utf8Length(std::string_view text) {
  auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
  const unsigned first = byte(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return IsContinuation(text, 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return IsContinuation(text, 1) && IsContinuation(text, 2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_large = first == 0xF4 && byte(1) > 0x8F;
    const bool whole = IsContinuation(text, 1) && IsContinuation(text, 2) && IsContinuation(text, 3);
    return whole && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

std::string Printable(std::string_view text, Hidden hidden) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    text.remove_prefix(character.size());
    const uint32_t code = length == 0 ? static_cast<unsigned char>(character.front()) : CodePoint(character);
    if (length != 0 && !IsControl(code) && !Steers(code)) {
      shown += character;
    } else if (hidden == Hidden::kOneColumn) {
      shown += code == '\t' ? ' ' : '?';
    } else if (length > 1) {
      absl::StrAppendFormat(&shown, "\\u%04x", code);
    } else {
      absl::StrAppendFormat(&shown, "\\x%02x", code);
    }
  }
  return shown;
}

std::string PrintableLines(std::string_view text) {
  std::string shown;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    shown += Printable(text.substr(0, end)) + '\n';
    text.remove_prefix(end + 1);
  }
  return shown + Printable(text);
}

std::string ToUtf8(std::string_view text) {
  std::string utf8;
  utf8.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    utf8 += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return utf8;
}

std::string PrintableJson(std::string_view json) {
  std::string shown;
  shown.reserve(json.size());
  while (!json.empty()) {
    const size_t length = std::max<size_t>(Utf8Length(json), 1);
    const uint32_t code = CodePoint(json.substr(0, length));
    // Below U+0020 only the line breaks between the values are left.
    if ((IsControl(code) && code >= 0x20) || Steers(code)) {
      absl::StrAppendFormat(&shown, "\\u%04x", code);
    } else {
      shown += json.substr(0, length);
    }
    json.remove_prefix(length);
  }
  return shown;
}

}  // namespace penstock
