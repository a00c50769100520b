#include "dataplane/http/uri.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "dataplane/base/ascii.h"

namespace penstock::http {
namespace {

// What a byte is in a path or query.
enum ByteClass : uint8_t {
  kInvalid = 0,
  kPlain = 1,      // unreserved: letters, digits, "-", "_", "~" (RFC 3986 2.3)
  kDot = 2,        // "."
  kSlash = 3,      // "/"
  kPercent = 4,    // "%"
  kSubDelim = 5,   // other characters that a path segment may hold
  kSemicolon = 6,  // ";"
  kEscapeMe = 7,   // not allowed, but sent by browsers: escaped in the canonical form
  kQueryOnly = 8,  // "?" and what people write into queries
};

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> t = {};
  for (int c = '0'; c <= '9'; ++c) t[c] = kPlain;
  for (int c = 'a'; c <= 'z'; ++c) t[c] = kPlain;
  for (int c = 'A'; c <= 'Z'; ++c) t[c] = kPlain;
  for (char c : {'-', '_', '~'}) t[static_cast<uint8_t>(c)] = kPlain;
  for (char c : {'!', '$', '&', '\'', '(', ')', '*', '+', ',', '=', ':', '@'}) t[static_cast<uint8_t>(c)] = kSubDelim;
  for (char c : {'|', '{', '}', '[', ']', '^'}) t[static_cast<uint8_t>(c)] = kEscapeMe;
  for (char c : {'?', '"', '<', '>', '`', '\\'}) t[static_cast<uint8_t>(c)] = kQueryOnly;
  t['.'] = kDot;
  t['/'] = kSlash;
  t['%'] = kPercent;
  t[';'] = kSemicolon;
  return t;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

uint8_t ClassOf(char c) { return kClasses[static_cast<uint8_t>(c)]; }

char* WriteEscape(char* out, uint8_t byte) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  *out++ = '%';
  *out++ = kDigits[byte >> 4];
  *out++ = kDigits[byte & 15];
  return out;
}

// The length of the UTF-8 sequence written as escapes at TEXT[0], or 0 if it is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
size_t EscapedUtf8Length(std::string_view text) {
  int lead = EscapedByte(text);
  size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                  : lead >= 0xE0 && lead <= 0xEF ? 3
                  : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                 : 0;
  if (length == 0 || text.size() < 3 * length) return 0;
  for (size_t i = 1; i < length; ++i) {
    int next = text[3 * i] == '%' ? EscapedByte(text.substr(3 * i)) : -1;
    int low = 0x80;
    int high = 0xBF;
    if (i == 1 && lead == 0xE0) low = 0xA0;
    if (i == 1 && lead == 0xED) high = 0x9F;
    if (i == 1 && lead == 0xF0) low = 0x90;
    if (i == 1 && lead == 0xF4) high = 0x8F;
    if (next < low || next > high) return 0;
  }
  return length;
}

// True if nothing has to be changed or refused: only plain characters, no empty and no dot segment. Most paths.
bool IsCanonical(std::string_view raw) {
  char before = 0;
  for (char c : raw) {
    uint8_t kind = ClassOf(c);
    bool fine =
        kind == kPlain || kind == kSubDelim || (kind == kSlash && before != '/') || (kind == kDot && before != '/');
    if (!fine) return false;
    before = c;
  }
  return true;
}

// Unescapes and escapes RAW into OUT, without looking at segments.
TargetResult Reescape(std::string_view raw, EscapedSlashes mode, char* out, size_t& size, bool& redirect) {
  char* begin = out;
  for (size_t i = 0; i < raw.size();) {
    uint8_t kind = ClassOf(raw[i]);
    if (kind == kInvalid || kind == kQueryOnly) return TargetResult::kBadTarget;
    if (kind == kSemicolon && mode != EscapedSlashes::kKeep) return TargetResult::kAmbiguousPath;
    if (kind == kEscapeMe) {
      out = WriteEscape(out, static_cast<uint8_t>(raw[i++]));
      continue;
    }
    if (kind != kPercent) {
      *out++ = raw[i++];
      continue;
    }
    int byte = EscapedByte(raw.substr(i));
    if (byte <= 0) return TargetResult::kBadEscape;
    if (byte == '/' || byte == '\\') {
      if (mode == EscapedSlashes::kReject) return TargetResult::kAmbiguousPath;
      if (mode == EscapedSlashes::kRedirect) {
        redirect = true;
        *out++ = '/';
        i += 3;
        continue;
      }
    }
    if (byte >= 0x80 && mode != EscapedSlashes::kKeep) {
      size_t length = EscapedUtf8Length(raw.substr(i));
      if (length == 0) return TargetResult::kBadEscape;
      for (size_t k = 0; k < length; ++k, i += 3)
        out = WriteEscape(out, static_cast<uint8_t>(EscapedByte(raw.substr(i))));
      continue;
    }
    if ((byte < 0x20 || byte == 0x7F) && mode != EscapedSlashes::kKeep) return TargetResult::kBadEscape;
    uint8_t meaning = kClasses[byte];
    if (meaning == kPlain || meaning == kDot) {
      *out++ = static_cast<char>(byte);
    } else {
      out = WriteEscape(out, static_cast<uint8_t>(byte));
    }
    i += 3;
  }
  size = out - begin;
  return TargetResult::kOk;
}

// Resolves "." and ".." and merges slashes, in place (RFC 3986 5.2.4).
TargetResult Normalise(char* path, size_t& size) {
  size_t write = 0;  // path[0, write) is done and, between segments, does not end with "/"
  size_t read = 0;
  bool trailing_slash = false;
  while (read < size) {
    while (read < size && path[read] == '/') ++read;
    size_t begin = read;
    while (read < size && path[read] != '/') ++read;
    std::string_view segment(path + begin, read - begin);
    trailing_slash = read < size || segment.empty() || segment == "." || segment == "..";
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (write == 0) return TargetResult::kAmbiguousPath;
      while (path[--write] != '/') {
      }
      continue;
    }
    path[write++] = '/';
    std::memmove(path + write, segment.data(), segment.size());
    write += segment.size();
  }
  if (trailing_slash || write == 0) path[write++] = '/';
  size = write;
  return TargetResult::kOk;
}

bool IsQuery(std::string_view query) {
  for (char c : query) {
    if (ClassOf(c) == kInvalid) return false;
  }
  return true;
}

bool ParsePort(std::string_view text, uint16_t& port) {
  if (text.empty() || text.size() > 5) return false;
  uint32_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  if (value == 0 || value > 65535) return false;
  port = static_cast<uint16_t>(value);
  return true;
}

// RFC 1123 labels; "_" is let through because service names hold it.
bool IsHostName(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  size_t label = 0;
  for (char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    uint8_t kind = ClassOf(c);
    if (kind != kPlain || c == '~' || ++label > 63) return false;
  }
  return label > 0;
}

// True for a name in lower case without a port: nothing has to be split off or changed. Most hosts.
bool IsCanonicalHost(std::string_view host) {
  char before = '.';
  for (char c : host) {
    bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (c == '.' && before != '.');
    if (!fine) return false;
    before = c;
  }
  return before != '.' && host.size() <= 63;  // so that no label is too long
}

bool IsIpv6Literal(std::string_view host) {
  if (host.size() < 4 || host.size() > 47 || host.front() != '[' || host.back() != ']') return false;
  char text[48];
  std::memcpy(text, host.data() + 1, host.size() - 2);
  text[host.size() - 2] = 0;
  in6_addr ignored;
  return std::strlen(text) == host.size() - 2 && inet_pton(AF_INET6, text, &ignored) == 1;
}

struct Parts {
  std::string_view authority;  // of the absolute form, else ""
  bool absolute = false;
  std::string_view path;
};

// Splits the request-target; takes the query off into HEAD.
TargetResult Split(RequestHead& head, std::string_view scheme, Parts& parts) {
  std::string_view rest = head.target;
  if (rest == "*") {
    if (head.method != Method::kOptions) return TargetResult::kMethodNeedsTarget;
    parts.path = rest;
    return TargetResult::kOk;
  }
  if (!rest.starts_with('/')) {
    size_t colon = rest.find("://");
    if (colon == std::string_view::npos) return TargetResult::kBadTarget;
    if (!EqualsLower(rest.substr(0, colon), scheme)) return TargetResult::kBadScheme;
    rest.remove_prefix(colon + 3);
    size_t end = rest.find_first_of("/?#");
    parts.absolute = true;
    parts.authority = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
  }
  size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    head.has_query = true;
    head.query = rest.substr(question + 1);
    if (!IsQuery(head.query)) return TargetResult::kBadTarget;
    rest = rest.substr(0, question);
  }
  parts.path = rest.empty() ? (head.method == Method::kOptions && !head.has_query ? "*" : "/") : rest;
  return TargetResult::kOk;
}

}  // namespace

TargetResult ResolveAuthority(RequestHead& head, std::string_view scheme, Arena& arena) {
  head.scheme = scheme;
  Parts parts;
  TargetResult result = Split(head, scheme, parts);
  if (result != TargetResult::kOk) return result;
  head.path = parts.path;

  // The Host field must be well-formed even where the absolute form overrides it.
  Authority authority;
  std::string_view host = head.headers.Get(HeaderId::kHost);
  if (host.empty()) return TargetResult::kMissingHost;
  result = CanonicalAuthority(host, arena, authority);
  if (result == TargetResult::kOk && parts.absolute) result = CanonicalAuthority(parts.authority, arena, authority);
  if (result != TargetResult::kOk) return result;
  head.authority = authority.text;
  head.host = authority.host;
  head.port = authority.port;
  return TargetResult::kOk;
}

TargetResult ResolvePath(RequestHead& head, EscapedSlashes mode, Arena& arena) {
  if (head.path == "*") return TargetResult::kOk;
  return CanonicalPath(head.path, mode, arena, head.path);
}

TargetResult ResolveTarget(RequestHead& head, std::string_view scheme, EscapedSlashes mode, Arena& arena) {
  TargetResult result = ResolveAuthority(head, scheme, arena);
  return result == TargetResult::kOk ? ResolvePath(head, mode, arena) : result;
}

TargetResult CanonicalPath(std::string_view raw, EscapedSlashes mode, Arena& arena, std::string_view& path) {
  if (!raw.starts_with('/')) return TargetResult::kBadTarget;
  if (IsCanonical(raw)) {
    path = raw;
    return TargetResult::kOk;
  }
  char* out = arena.Allocate(raw.size() * 3 + 1);
  size_t size = 0;
  bool redirect = false;
  TargetResult result = Reescape(raw, mode, out, size, redirect);
  if (result != TargetResult::kOk) return result;
  result = Normalise(out, size);
  if (result != TargetResult::kOk) return result;
  path = {out, size};
  return redirect ? TargetResult::kRedirect : TargetResult::kOk;
}

TargetResult CanonicalAuthority(std::string_view raw, Arena& arena, Authority& authority) {
  if (IsCanonicalHost(raw)) {
    authority = {.text = raw, .host = raw};
    return TargetResult::kOk;
  }
  size_t bracket = raw.starts_with('[') ? raw.find(']') : 0;
  if (bracket == std::string_view::npos) return TargetResult::kBadHost;
  size_t colon = raw.find(':', bracket);
  std::string_view name = raw.substr(0, colon);
  std::string_view port = colon == std::string_view::npos ? std::string_view() : raw.substr(colon);  // with the ":"
  authority.port = 0;
  if (!port.empty() && !ParsePort(port.substr(1), authority.port)) return TargetResult::kBadHost;
  bool dotted = name.ends_with('.');
  if (dotted) name.remove_suffix(1);
  if (raw.starts_with('[') ? !IsIpv6Literal(name) : !IsHostName(name)) return TargetResult::kBadHost;

  bool has_upper = false;
  for (char c : name) has_upper |= c >= 'A' && c <= 'Z';
  if (!has_upper && !dotted) {
    authority.text = raw;
    authority.host = name;
    return TargetResult::kOk;
  }
  std::string_view text = arena.Concat({name, port});
  char* letters = const_cast<char*>(text.data());  // just allocated for us
  for (size_t i = 0; i < name.size(); ++i) {
    if (letters[i] >= 'A' && letters[i] <= 'Z') letters[i] = static_cast<char>(letters[i] | 0x20);
  }
  authority.text = text;
  authority.host = text.substr(0, name.size());
  return TargetResult::kOk;
}

std::string_view TargetResultText(TargetResult result) {
  switch (result) {
    case TargetResult::kOk:
      return "fine";
    case TargetResult::kRedirect:
      return "the path holds an escaped slash; the client is sent to the unescaped one";
    case TargetResult::kBadTarget:
      return "the request target is no valid URI";
    case TargetResult::kBadEscape:
      return "the path holds an invalid escape";
    case TargetResult::kAmbiguousPath:
      return "the path holds an escaped slash, a semicolon, or leaves the root";
    case TargetResult::kBadHost:
      return "the host is no valid host[:port]";
    case TargetResult::kMissingHost:
      return "the Host field is missing or empty";
    case TargetResult::kBadScheme:
      return "the scheme of the request target is not the listener's";
    case TargetResult::kMethodNeedsTarget:
      return "only OPTIONS may ask for *";
  }
  return "";
}

std::string_view WithoutEscapedDelimiters(std::string_view path, Arena& arena) {
  char* begin = nullptr;
  char* out = nullptr;
  size_t copied = 0;
  for (size_t at = path.find('%'); at < path.size(); at = path.find('%', at + 1)) {
    int byte = EscapedByte(path.substr(at));
    bool delimiter = byte > 0 && kPathDelimiters.find(static_cast<char>(byte)) != std::string_view::npos;
    if (!delimiter) continue;
    if (begin == nullptr) begin = out = arena.Allocate(path.size());
    out = std::copy(path.begin() + copied, path.begin() + at, out);
    *out++ = static_cast<char>(byte);
    copied = at + 3;
  }
  if (begin == nullptr) return path;
  out = std::copy(path.begin() + copied, path.end(), out);
  return {begin, static_cast<size_t>(out - begin)};
}

}  // namespace penstock::http
