#include "dataplane/router/path_pattern.h"

#include <re2/re2.h>

#include <optional>

#include "dataplane/base/status.h"

namespace penstock::router {
namespace {

// Gateway API v1, HTTPPathMatch: what an exact path or a prefix may not hold.
absl::Status CheckLiteralPath(std::string_view path) {
  if (path.empty() || path.front() != '/') return absl::InvalidArgumentError("a path begins with \"/\"");
  if (path.size() > kMaxPathLength) {
    return absl::InvalidArgumentError(
        StrCat("the path has ", path.size(), " characters; at most ", kMaxPathLength, " are allowed"));
  }
  for (std::string_view part : {"%2f", "%2F"}) {
    if (path.find(part) == std::string_view::npos) continue;
    return absl::InvalidArgumentError(StrCat("\"", part,
                                             "\" is only in paths of listeners that keep escaped slashes; an "
                                             "expression can match it"));
  }
  for (std::string_view part : {"//", "/./", "/../", "#", "?"}) {
    if (path.find(part) != std::string_view::npos) {
      return absl::InvalidArgumentError(StrCat("\"", part, "\" never occurs in the canonical path of a request"));
    }
  }
  if (path.ends_with("/.") || path.ends_with("/..")) {
    return absl::InvalidArgumentError("a canonical path does not end with \"/.\" or \"/..\"");
  }
  for (unsigned char c : path) {
    if (c <= ' ' || c == 0x7f)
      return absl::InvalidArgumentError("blanks and control characters must be percent-encoded");
  }
  return absl::OkStatus();
}

bool IsPunctuation(char c) { return c > ' ' && c < 0x7f && !isalnum(static_cast<unsigned char>(c)); }
bool IsRegexSyntax(char c) { return std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos; }

// Reads the literal characters that PATTERN begins with, unescaped, and removes them from it. Stops before a character
// that a quantifier makes optional or repeats.
std::string TakeLiteral(std::string_view& pattern) {
  std::string literal;
  while (!pattern.empty()) {
    bool escaped = pattern.size() > 1 && pattern[0] == '\\' && IsPunctuation(pattern[1]);
    if (!escaped && IsRegexSyntax(pattern[0])) break;
    size_t size = escaped ? 2 : 1;
    bool quantified = pattern.size() > size && std::string_view("?*+{").find(pattern[size]) != std::string_view::npos;
    if (quantified) break;
    literal += pattern[size - 1];
    pattern.remove_prefix(size);
  }
  return literal;
}

std::string_view WithoutAnchors(std::string_view pattern) {
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  bool escaped_end = pattern.size() > 1 && pattern[pattern.size() - 2] == '\\';
  if (pattern.ends_with('$') && !escaped_end) pattern.remove_suffix(1);
  return pattern;
}

constexpr std::string_view kAnySegment = "[^/]+";

// The segments of a template joined by slashes, a wildcard as kWildcard; nothing if PATTERN is no template.
std::optional<std::string> TemplateKey(std::string_view pattern) {
  std::string key;
  while (!pattern.empty()) {
    std::string literal = TakeLiteral(pattern);
    if (literal.find('\0') != std::string::npos) return std::nullopt;
    key += literal;
    if (pattern.empty()) break;
    bool whole_segment = pattern.starts_with(kAnySegment) && key.ends_with('/') &&
                         (pattern.size() == kAnySegment.size() || pattern[kAnySegment.size()] == '/');
    if (!whole_segment) return std::nullopt;
    key += PathPattern::kWildcard;
    pattern.remove_prefix(kAnySegment.size());
  }
  if (!key.starts_with('/')) return std::nullopt;
  return key;
}

// The index of the bracket that closes the character class at I, or npos.
size_t EndOfClass(std::string_view pattern, size_t i) {
  ++i;
  if (i < pattern.size() && pattern[i] == '^') ++i;
  for (size_t first = i; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern.substr(i).starts_with("[:")) {
      size_t end = pattern.find(":]", i + 2);
      if (end != std::string_view::npos) i = end + 1;
    } else if (pattern[i] == ']' && i != first) {
      return i;
    }
  }
  return std::string_view::npos;
}

// An alternation at the top level makes what stands before it no prefix at all. In doubt there is one.
bool HasTopLevelAlternation(std::string_view pattern) {
  int depth = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (pattern.substr(i).starts_with("\\Q")) return true;
      ++i;
    } else if (pattern[i] == '[') {
      i = EndOfClass(pattern, i);
      if (i == std::string_view::npos) return true;
    } else if (pattern[i] == '(') {
      ++depth;
    } else if (pattern[i] == ')') {
      --depth;
    } else if (pattern[i] == '|' && depth <= 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<PathPattern> PathPattern::Exact(std::string_view path) {
  RETURN_IF_ERROR(CheckLiteralPath(path));
  PathPattern result;
  result.kind_ = Kind::kExact;
  result.text_ = path;
  return result;
}

absl::StatusOr<PathPattern> PathPattern::Prefix(std::string_view path) {
  RETURN_IF_ERROR(CheckLiteralPath(path));
  PathPattern result;
  result.kind_ = Kind::kPrefix;
  if (path.ends_with('/')) path.remove_suffix(1);
  result.text_ = path;
  return result;
}

absl::StatusOr<PathPattern> PathPattern::Expression(std::string_view pattern) {
  ASSIGN_OR_RETURN(Regex regex, CompileRegex(pattern));
  PathPattern result;
  result.text_ = pattern;
  std::string_view bare = WithoutAnchors(pattern);
  Compiled compiled;
  std::optional<std::string> key = TemplateKey(bare);
  if (key.has_value()) {
    result.kind_ = Kind::kTemplate;
    compiled.key = *std::move(key);
  } else {
    result.kind_ = Kind::kExpression;
    compiled.regex = std::move(regex);
    std::string literal = HasTopLevelAlternation(bare) ? "" : TakeLiteral(bare);
    compiled.literal_prefix = literal.size();
    // Only a segment that a slash closes is one whatever follows; one that reads as kWildcard would not be literal.
    const bool keyed = literal.starts_with('/') && literal.find('\0') == std::string::npos;
    if (keyed) compiled.key = literal.substr(0, literal.rfind('/'));
  }
  result.compiled_ = std::make_shared<const Compiled>(std::move(compiled));
  return result;
}

std::string PathPattern::DebugString() const {
  switch (kind_) {
    case Kind::kExact:
      return StrCat("Exact ", text_);
    case Kind::kPrefix:
      return StrCat("PathPrefix ", text_.empty() ? "/" : text_, " (", text_.empty() ? 1 : text_.size(), " chars)");
    case Kind::kTemplate:
    case Kind::kExpression:
      return StrCat("RegularExpression ", text_);
  }
  return "";
}

namespace {

bool TemplateMatches(std::string_view key, std::string_view path) {
  while (!key.empty() && !path.empty()) {
    key.remove_prefix(1);
    path.remove_prefix(1);
    std::string_view wanted = key.substr(0, key.find('/'));
    std::string_view segment = path.substr(0, path.find('/'));
    bool same = wanted == PathPattern::kWildcard ? !segment.empty() : wanted == segment;
    if (!same) return false;
    key.remove_prefix(wanted.size());
    path.remove_prefix(segment.size());
  }
  return key.empty() && path.empty();
}

}  // namespace

bool PathPattern::Matches(std::string_view path) const {
  if (!path.starts_with('/')) return false;
  switch (kind_) {
    case Kind::kExact:
      return path == text_;
    case Kind::kPrefix:
      return path.starts_with(text_) && (path.size() == text_.size() || path[text_.size()] == '/');
    case Kind::kTemplate:
      return TemplateMatches(compiled_->key, path);
    case Kind::kExpression:
      return FullMatch(regex(), path);
  }
  return false;
}

}  // namespace penstock::router
