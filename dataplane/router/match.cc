#include "dataplane/router/match.h"

#include <re2/re2.h>

#include <algorithm>

#include "dataplane/base/ascii.h"
#include "dataplane/base/status.h"
#include "dataplane/http/headers.h"

namespace penstock::router {

absl::StatusOr<FieldMatch> FieldMatch::Exact(std::string_view name, std::string_view value) {
  FieldMatch match;
  match.name_ = name;
  match.value_ = value;
  return match;
}

absl::StatusOr<FieldMatch> FieldMatch::Expression(std::string_view name, std::string_view pattern) {
  FieldMatch match;
  ASSIGN_OR_RETURN(match.regex_, CompileRegex(pattern));
  match.name_ = name;
  match.value_ = pattern;
  return match;
}

bool FieldMatch::MatchesValue(std::string_view value) const {
  return is_exact() ? value == value_ : FullMatch(*regex_, value);
}

std::string FieldMatch::DebugString() const { return StrCat(name_, is_exact() ? " = " : " ~ ", value_); }

bool HeaderMatches(const FieldMatch& match, const http::Headers* headers) {
  if (headers == nullptr) return false;
  return std::any_of(headers->begin(), headers->end(), [&match](const http::Field& field) {
    return field.name() == match.name() && match.MatchesValue(field.value());
  });
}

bool QueryMatches(const FieldMatch& match, std::string_view query) {
  return WithQueryParameter(query, match.name(),
                            [&match](std::string_view value) { return match.MatchesValue(value); });
}

Mismatch FirstMismatch(const Conditions* conditions, const Request& request) {
  if (conditions == nullptr) return {};
  if (!conditions->method.empty() && conditions->method != request.method) return {Mismatch::Part::kMethod, 0};
  for (size_t i = 0; i < conditions->headers.size(); ++i) {
    if (!HeaderMatches(conditions->headers[i], request.headers)) return {Mismatch::Part::kHeader, i};
  }
  for (size_t i = 0; i < conditions->query.size(); ++i) {
    if (!QueryMatches(conditions->query[i], request.query)) return {Mismatch::Part::kQuery, i};
  }
  return {};
}

namespace match_internal {

size_t DecodeComponent(std::string_view text, char* out, size_t room) {
  size_t size = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (size == room) return kTooLong;
    int escaped = EscapedByte(text.substr(i));
    if (escaped >= 0) i += 2;
    out[size++] = escaped >= 0 ? static_cast<char>(escaped) : text[i] == '+' ? ' ' : text[i];
  }
  return size;
}

}  // namespace match_internal
}  // namespace penstock::router
