#include <algorithm>
#include <charconv>
#include <system_error>

#include "dataplane/base/printable.h"
#include "dataplane/jose/json_document.h"

namespace penstock::jose {
namespace {

constexpr std::string_view kEndsEarly = "JSON: ends too early";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void AppendUtf8(std::string& out, std::uint32_t code) {
  auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

// Recursive descent. Every step gives whether it went well; after one that did not, error() says why.
class Parser {
 public:
  Parser(JsonDocument& document, const JsonLimits& limits)
      : document_(document), source_(document.bytes), limits_(limits) {}

  bool Run() {
    SkipSpace();
    if (!Value({}, 0)) return false;
    SkipSpace();
    if (at_ != source_.size()) return Fail("JSON: something follows the value");
    document_.bytes += decoded_;
    return true;
  }

  std::string_view error() const { return error_; }

 private:
  bool Fail(std::string_view text) {
    error_ = text;
    return false;
  }

  // NUL at the end, which stands for nothing in JSON.
  char Peek() const { return at_ < source_.size() ? source_[at_] : '\0'; }

  bool Take(char c) {
    if (at_ == source_.size() || source_[at_] != c) return false;
    ++at_;
    return true;
  }

  void SkipSpace() { at_ = std::min(source_.find_first_not_of(" \t\r\n", at_), source_.size()); }

  bool Unexpected() { return Fail(at_ == source_.size() ? kEndsEarly : "JSON: not what may stand there"); }

  bool Value(JsonSlice name, std::size_t depth) {
    if (document_.nodes.size() == limits_.max_values) return Fail("JSON: more values than allowed");
    std::size_t index = document_.nodes.size();
    std::size_t begin = at_;
    document_.nodes.emplace_back().name = name;
    if (!Content(index, depth)) return false;
    JsonNode& node = document_.nodes[index];
    node.end = static_cast<std::uint32_t>(document_.nodes.size());
    if (node.kind != JsonKind::kString) node.text = Slice(begin, at_ - begin);
    return true;
  }

  bool Content(std::size_t index, std::size_t depth) {
    JsonNode& node = document_.nodes[index];
    switch (Peek()) {
      case '{':
        return Nested(index, depth, JsonKind::kObject, '}');
      case '[':
        return Nested(index, depth, JsonKind::kArray, ']');
      case '"':
        node.kind = JsonKind::kString;
        return String(node.text);
      case 't':
        node.integer = 1;
        return Literal("true", node, JsonKind::kBool);
      case 'f':
        return Literal("false", node, JsonKind::kBool);
      case 'n':
        return Literal("null", node, JsonKind::kNull);
      default:
        return Number(node);
    }
  }

  bool Literal(std::string_view text, JsonNode& node, JsonKind kind) {
    if (source_.substr(at_, text.size()) != text) return Unexpected();
    at_ += text.size();
    node.kind = kind;
    return true;
  }

  // An array or an object.
  bool Nested(std::size_t index, std::size_t depth, JsonKind kind, char close) {
    if (depth == limits_.max_depth) return Fail("JSON: deeper than allowed");
    document_.nodes[index].kind = kind;
    ++at_;
    SkipSpace();
    if (Take(close)) return true;
    do {
      SkipSpace();
      if (!Child(kind, depth)) return false;
      ++document_.nodes[index].integer;
      SkipSpace();
    } while (Take(','));
    if (!Take(close)) return Unexpected();
    return kind == JsonKind::kArray || NamesDiffer(index);
  }

  bool Child(JsonKind kind, std::size_t depth) {
    if (kind == JsonKind::kArray) return Value({}, depth + 1);
    JsonSlice name;
    if (Peek() != '"') return Unexpected();
    if (!String(name)) return false;
    SkipSpace();
    if (!Take(':')) return Unexpected();
    SkipSpace();
    return Value(name, depth + 1);
  }

  // RFC 8259 4 leaves it open which of two members counts; who checks a token and who uses it might choose differently.
  bool NamesDiffer(std::size_t index) {
    names_.clear();
    for (std::size_t i = index + 1; i < document_.nodes.size(); i = document_.nodes[i].end) {
      names_.push_back(TextOf(document_.nodes[i].name));
    }
    std::sort(names_.begin(), names_.end());
    bool twice = std::adjacent_find(names_.begin(), names_.end()) != names_.end();
    return !twice || Fail("JSON: a member name twice");
  }

  bool Number(JsonNode& node) {
    std::size_t begin = at_;
    bool whole = true;
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.')) {
      whole = false;
      if (!Digits()) return false;
    }
    if (Take('e') || Take('E')) {
      whole = false;
      if (!Take('+')) Take('-');
      if (!Digits()) return false;
    }
    return Convert(source_.substr(begin, at_ - begin), whole, node);
  }

  bool Digits() {
    if (!IsDigit(Peek())) return Unexpected();
    while (IsDigit(Peek())) ++at_;
    return true;
  }

  bool Convert(std::string_view text, bool whole, JsonNode& node) {
    const char* begin = text.data();
    const char* end = begin + text.size();
    node.kind = JsonKind::kInteger;
    if (whole && std::from_chars(begin, end, node.integer).ec == std::errc()) return true;
    node.kind = JsonKind::kDouble;
    double number = 0;
    bool held = std::from_chars(begin, end, number).ec == std::errc();
    node.number = number;
    return held || Fail("JSON: a number that no double holds");
  }

  bool String(JsonSlice& text) {
    std::size_t begin = ++at_;
    if (!SkipPlain()) return false;
    text = Slice(begin, at_ - begin);
    if (Take('"')) return true;
    std::size_t decoded = decoded_.size();
    decoded_ += source_.substr(begin, at_ - begin);
    while (!Take('"')) {
      if (!Escape()) return false;
      std::size_t plain = at_;
      if (!SkipPlain()) return false;
      decoded_ += source_.substr(plain, at_ - plain);
    }
    text = Slice(source_.size() + decoded, decoded_.size() - decoded);
    return true;
  }

  // To the next quote or backslash.
  bool SkipPlain() {
    while (at_ < source_.size() && source_[at_] != '"' && source_[at_] != '\\') {
      auto byte = static_cast<unsigned char>(source_[at_]);
      if (byte < 0x20) return Fail("JSON: a control character in a string");
      std::size_t length = byte < 0x80 ? 1 : Utf8Length(source_.substr(at_));
      if (length == 0) return Fail("JSON: not UTF-8");
      at_ += length;
    }
    return at_ < source_.size() || Fail(kEndsEarly);
  }

  bool Escape() {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (Take('u')) return UnicodeEscape();
    std::size_t which = at_ < source_.size() ? kLetters.find(source_[at_]) : kLetters.npos;
    if (which == kLetters.npos) return Fail("JSON: an unknown escape in a string");
    decoded_ += kMeanings[which];
    ++at_;
    return true;
  }

  bool UnicodeEscape() {
    std::uint32_t code = 0;
    if (!Hex4(code)) return false;
    bool high = code >= 0xD800 && code < 0xDC00;
    bool low = code >= 0xDC00 && code < 0xE000;
    if (high) {
      std::uint32_t second = 0;
      if (!Take('\\') || !Take('u')) return Fail("JSON: half a surrogate pair");
      if (!Hex4(second)) return false;
      low = second < 0xDC00 || second > 0xDFFF;
      code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
    }
    if (low) return Fail("JSON: half a surrogate pair");
    AppendUtf8(decoded_, code);
    return true;
  }

  bool Hex4(std::uint32_t& code) {
    std::string_view digits = source_.substr(at_, 4);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4) {
      return Fail("JSON: an unknown escape in a string");
    }
    at_ += 4;
    return true;
  }

  static JsonSlice Slice(std::size_t at, std::size_t size) {
    return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size)};
  }

  std::string_view TextOf(JsonSlice slice) const {
    if (slice.at < source_.size()) return source_.substr(slice.at, slice.size);
    return std::string_view(decoded_).substr(slice.at - source_.size(), slice.size);
  }

  JsonDocument& document_;
  const std::string_view source_;
  const JsonLimits& limits_;
  std::size_t at_ = 0;
  std::string decoded_;
  std::vector<std::string_view> names_;
  std::string_view error_;
};

}  // namespace

std::string_view ParseJson(JsonDocument& document, const JsonLimits& limits) {
  Parser parser(document, limits);
  parser.Run();
  return parser.error();
}

}  // namespace penstock::jose
