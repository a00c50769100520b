#include "dataplane/telemetry/access_log/json_line.h"

namespace penstock::telemetry {
namespace {

// Length of the well-formed UTF-8 sequence (RFC 3629, no overlong forms, no surrogates) that starts at TEXT with a byte
// above 0x7f; 0 if there is none.
size_t Utf8Length(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  auto continues = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  unsigned char first = byte(0);
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

// Runs that need no escape are copied in bulk.
void JsonLine::Escaped(std::string_view value, size_t limit) {
  const char* const end = at_ + limit;
  while (!value.empty()) {
    std::string_view fits = value.substr(0, static_cast<size_t>(end - at_));
    size_t plain = byte_scan::CopyUntil<byte_scan::NotPlainJson>(fits, at_);
    at_ += plain;
    value.remove_prefix(plain);
    if (value.empty()) return;
    if (plain == fits.size()) return Cut();
    std::array<char, 6> escape;
    size_t length = 0;
    size_t taken = EscapeOne(value, escape, length);
    if (length > static_cast<size_t>(end - at_)) return Cut();
    Raw({escape.data(), length});
    value.remove_prefix(taken);
  }
}

// Writes what stands for the first character of REST; returns how many bytes of REST it took.
size_t JsonLine::EscapeOne(std::string_view rest, std::array<char, 6>& out, size_t& length) {
  auto c = static_cast<unsigned char>(rest[0]);
  if (c == '"' || c == '\\') {
    out = {'\\', static_cast<char>(c)};
    length = 2;
    return 1;
  }
  size_t utf8 = c >= 0x80 ? Utf8Length(rest) : 0;
  if (utf8 > 0) {
    std::memcpy(out.data(), rest.data(), utf8);
    length = utf8;
    return utf8;
  }
  constexpr char kHex[] = "0123456789abcdef";
  out = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
  length = 6;
  return 1;
}

}  // namespace penstock::telemetry
