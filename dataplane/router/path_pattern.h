#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dataplane/router/regex.h"

namespace penstock::router {

inline constexpr size_t kMaxPathLength = 1024;  // characters of an exact path or a prefix (Gateway API)

// What a path must look like: valid by existing. Immutable.
//
//   Exact       byte for byte, a trailing slash included.
//   Prefix      whole segments: "/a" and "/a/" both match "/a", "/a/" and "/a/b", not "/ab". "/" matches every path.
//   Template    a regular expression of literal segments and `[^/]+` only, as "/users/[^/]+/orders". A leading "^", a
//   trailing
//               "$" and escaped punctuation ("\.") do not change that. It is looked up without a regular expression
//               engine.
//   Expression  any other regular expression (see regex.h).
//
// Paths are the canonical ones of dataplane/http (they begin with "/"; dots resolved); a path of another form matches
// nothing.
class PathPattern {
 public:
  enum class Kind { kExact, kTemplate, kExpression, kPrefix };  // in the order of precedence

  PathPattern() = default;  // the prefix "/"
  static absl::StatusOr<PathPattern> Exact(std::string_view path);
  static absl::StatusOr<PathPattern> Prefix(std::string_view path);
  static absl::StatusOr<PathPattern> Expression(std::string_view pattern);  // a Template if it has that form

  Kind kind() const { return kind_; }
  // As it was written, but a prefix without its trailing slash ("" for "/").
  const std::string& text() const { return text_; }
  // The characters before the first that is not literal; an expression with a longer one goes first. Expressions only.
  size_t literal_prefix() const { return compiled_ == nullptr ? 0 : compiled_->literal_prefix; }
  // REQUIRES: kind() == kExpression.
  const re2::RE2& regex() const { return *compiled_->regex; }
  // "Exact /a", "PathPrefix /a (2 chars)", "RegularExpression /a/[^/]+".
  std::string DebugString() const;

  // Does PATH match? The definition that explain uses; the router looks it up instead.
  bool Matches(std::string_view path) const;

  // The segments that the router's tree holds it under, in order; a wildcard segment is kWildcard. All segments of an
  // exact path, prefix or template; for an expression the leading ones that are literal and closed by a slash. Calls
  // VISIT(std::string_view segment); valid only during the call.
  template <typename Visit>
  void ForEachSegment(Visit visit) const;
  static constexpr std::string_view kWildcard{"\0", 1};

 private:
  // What only regular expressions need.
  struct Compiled {
    std::string key;  // "/users/\0/orders": the segments under which the tree holds it
    size_t literal_prefix = 0;
    Regex regex;
  };

  Kind kind_ = Kind::kPrefix;
  std::string text_;
  std::shared_ptr<const Compiled> compiled_;
};

template <typename Visit>
void PathPattern::ForEachSegment(Visit visit) const {
  std::string_view rest = compiled_ == nullptr ? text_ : compiled_->key;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    visit(segment);
  }
}

}  // namespace penstock::router
