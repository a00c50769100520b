#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/router/path_pattern.h"
#include "dataplane/router/regex.h"

namespace penstock::http {
class Headers;
}

namespace penstock::router {

// What of a request decides its route. Views only; all must outlive the call they are given to.
struct Request {
  std::string_view method;
  std::string_view host;                   // canonical: lower case, without port and trailing dot
  std::string_view path;                   // canonical, without query
  std::string_view query;                  // raw, without "?"
  const http::Headers* headers = nullptr;  // nullptr: none. Names in lower case
};

// One header or query condition: valid by existing. Immutable.
//   Header  names compare without case. Each field of the name is tested by itself (never the comma-joined form): one
//   that
//           matches is enough.
//   Query   the first parameter of that name, name and value percent-decoded and "+" read as a blank; names are
//           case-sensitive. A decoded value of more than 8192 bytes matches nothing.
class FieldMatch {
 public:
  static absl::StatusOr<FieldMatch> Exact(std::string_view name, std::string_view value);
  static absl::StatusOr<FieldMatch> Expression(std::string_view name, std::string_view pattern);

  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }  // the exact value, or the pattern
  bool is_exact() const { return regex_ == nullptr; }
  bool MatchesValue(std::string_view value) const;
  std::string DebugString() const;  // "x-env = prod", "x-env ~ pr.*"

 private:
  FieldMatch() = default;
  std::string name_;
  std::string value_;
  Regex regex_;
};

// What a match asks of a request beside its path. All must hold.
struct Conditions {
  std::string method;  // "" any; case-sensitive
  // At most one of each name: where a configuration names one twice the first wins (Gateway API). Sorted by name.
  std::vector<FieldMatch> headers;
  std::vector<FieldMatch> query;

  bool empty() const { return method.empty() && headers.empty() && query.empty(); }
};

// The tie-breakers that a route gives to all of its matches.
struct RouteKey {
  std::string name;
  int32_t priority = 0;           // higher goes first
  uint64_t first_generation = 0;  // lower goes first
};

// One match of one rule of one route. The router keeps pointers to it: it must stay where it is, unchanged, as long as
// any Router holds it. So must ROUTE.
struct Match {
  PathPattern path;
  std::unique_ptr<const Conditions> conditions;  // nullptr: none
  const RouteKey* route = nullptr;
  uint16_t rule = 0;   // index of the rule in the route
  uint16_t index = 0;  // index of the match in the rule
};

// The part of a match that a request fails first, in the order method, headers, query (the path is not looked at).
struct Mismatch {
  enum class Part { kNone, kMethod, kHeader, kQuery };
  Part part = Part::kNone;
  size_t index = 0;  // of the header or query condition
};
Mismatch FirstMismatch(const Conditions* conditions, const Request& request);

// Tests of single conditions.
bool HeaderMatches(const FieldMatch& match, const http::Headers* headers);
bool QueryMatches(const FieldMatch& match, std::string_view query);

inline constexpr size_t kMaxQueryValue = 8192;  // decoded bytes; a longer value matches nothing

namespace match_internal {
inline constexpr size_t kTooLong = ~size_t{0};
// Percent-decodes TEXT into OUT; returns its size, or kTooLong. What is no valid escape stays as it is.
size_t DecodeComponent(std::string_view text, char* out, size_t room);
inline bool IsPlain(std::string_view text) { return text.find_first_of("%+") == std::string_view::npos; }
}  // namespace match_internal

// Calls VISIT(value) with the decoded value of the first parameter NAME of QUERY, if there is one; returns what VISIT
// returns, false if there is none. The view is valid during the call only. No allocation.
template <typename Visit>
bool WithQueryParameter(std::string_view query, std::string_view name, Visit visit) {
  [[clang::uninitialized]] char buffer[kMaxQueryValue];
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size() < query.size() ? pair.size() + 1 : pair.size());
    std::string_view key = pair.substr(0, pair.find('='));
    std::string_view value = key.size() < pair.size() ? pair.substr(key.size() + 1) : std::string_view();
    if (!match_internal::IsPlain(key)) {
      size_t size = match_internal::DecodeComponent(key, buffer, sizeof(buffer));
      if (size == match_internal::kTooLong) continue;
      key = {buffer, size};
    }
    if (pair.empty() || key != name) continue;
    if (match_internal::IsPlain(value)) return value.size() <= kMaxQueryValue && visit(value);
    size_t size = match_internal::DecodeComponent(value, buffer, sizeof(buffer));
    return size != match_internal::kTooLong && visit(std::string_view(buffer, size));
  }
  return false;
}

}  // namespace penstock::router
