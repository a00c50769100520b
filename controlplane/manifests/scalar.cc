#include "controlplane/manifests/scalar.h"

#include <algorithm>
#include <limits>

#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool AllDigits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit); }

std::string_view WithoutSign(std::string_view text) {
  return !text.empty() && (text.front() == '-' || text.front() == '+') ? text.substr(1) : text;
}

bool IsRadix(std::string_view text, std::string_view prefix, std::string_view digits) {
  return text.size() > 2 && text.starts_with(prefix) &&
         text.find_first_not_of(digits, prefix.size()) == std::string_view::npos;
}

// [-+]? ( \.[0-9]+ | [0-9]+(\.[0-9]*)? ) ([eE][-+]?[0-9]+)?
bool IsFloat(std::string_view text) {
  text = WithoutSign(text);
  size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos && !AllDigits(WithoutSign(text.substr(exponent + 1)))) return false;
  std::string_view mantissa = text.substr(0, exponent);
  size_t dot = mantissa.find('.');
  if (dot == std::string_view::npos) return AllDigits(mantissa);
  std::string_view whole = mantissa.substr(0, dot), fraction = mantissa.substr(dot + 1);
  if (whole.empty()) return AllDigits(fraction);
  return AllDigits(whole) && (fraction.empty() || AllDigits(fraction));
}

template <typename T>
IntegerProblem Read(std::string_view text, T& number) {
  if (TypeOf(text) != ScalarType::kInteger) return IntegerProblem::kNotANumber;
  bool negative = text.front() == '-';
  std::string_view digits = WithoutSign(text);
  int base = digits.starts_with("0x") ? 16 : digits.starts_with("0o") ? 8 : 10;
  if (base != 10) digits.remove_prefix(2);
  if (base == 10 && digits.size() > 1 && digits.front() == '0') return IntegerProblem::kLeadingZero;
  std::string signed_digits = Cat(negative ? "-" : "", digits);
  auto [end, error] = std::from_chars(signed_digits.data(), signed_digits.data() + signed_digits.size(), number, base);
  bool read = error == std::errc() && end == signed_digits.data() + signed_digits.size();
  return read ? IntegerProblem::kNone : IntegerProblem::kTooLarge;
}

}  // namespace

ScalarType TypeOf(std::string_view plain) {
  if (IsOneOf(plain, {"", "~", "null", "Null", "NULL"})) return ScalarType::kNull;
  if (IsOneOf(plain, {"true", "True", "TRUE", "false", "False", "FALSE"})) return ScalarType::kBool;
  char first = plain.front();
  if (!IsDigit(first) && first != '-' && first != '+' && first != '.') return ScalarType::kText;
  if (AllDigits(WithoutSign(plain))) return ScalarType::kInteger;
  if (IsRadix(plain, "0x", "0123456789abcdefABCDEF") || IsRadix(plain, "0o", "01234567")) return ScalarType::kInteger;
  if (IsFloat(plain)) return ScalarType::kFloat;
  if (IsOneOf(WithoutSign(plain), {".inf", ".Inf", ".INF"}) || IsOneOf(plain, {".nan", ".NaN", ".NAN"})) {
    return ScalarType::kFloat;
  }
  return ScalarType::kText;
}

ScalarType TypeOf(const Node& scalar) { return scalar.plain ? TypeOf(scalar.text) : ScalarType::kText; }

IntegerProblem ReadInteger(std::string_view plain, int64_t& number) { return Read(plain, number); }
IntegerProblem ReadUnsigned(std::string_view plain, uint64_t& number) { return Read(plain, number); }

std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 80;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  size_t shown = std::min(text.size(), kShown);
  while (shown < text.size() && (static_cast<unsigned char>(text[shown]) & 0xC0) == 0x80) ++shown;
  for (char c : text.substr(0, shown)) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      quoted += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      Append(quoted, "\\x", kHex[byte >> 4], kHex[byte & 15]);
    } else {
      quoted += c;
    }
  }
  return quoted + (shown < text.size() ? "...\"" : "\"");
}

}  // namespace penstock::manifests
