#include "dataplane/snapshot/nearest.h"

#include <algorithm>
#include <map>
#include <utility>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {
namespace {

// What a match got right before it failed: higher is nearer.
enum Distance { kHost = 0, kPath = 1000, kMethod = 2000, kHeader = 3000, kQuery = 4000, kHolds = 5000 };

struct Miss {
  int nearness = 0;
  std::string reason;
};

bool HostMatches(std::string_view pattern, std::string_view host) {
  if (pattern.empty() || pattern == host) return true;
  return pattern.starts_with("*.") && host.size() >= pattern.size() && host.ends_with(pattern.substr(1));
}

size_t CommonPrefix(std::string_view a, std::string_view b) {
  return std::mismatch(a.begin(), a.begin() + std::min(a.size(), b.size()), b.begin()).first - a.begin();
}

std::string PathReason(const router::PathPattern& pattern, std::string_view path) {
  switch (pattern.kind()) {
    case router::PathPattern::Kind::kExact:
      return StrCat("path ", path, " is not ", pattern.text());
    case router::PathPattern::Kind::kPrefix:
      return StrCat("path ", path, " is not under ", pattern.text());
    case router::PathPattern::Kind::kTemplate:
    case router::PathPattern::Kind::kExpression:
      return StrCat("path ", path, " does not match ", pattern.text());
  }
  return "";
}

std::string Wanted(const router::FieldMatch& match) {
  return match.is_exact() ? StrCat("\"", match.value(), "\"") : StrCat("of the form ", match.value());
}

std::string HeaderReason(const router::FieldMatch& match, const router::Request& request) {
  const http::Field* field = request.headers == nullptr ? nullptr : request.headers->Find(match.name());
  if (field == nullptr) return StrCat("header ", match.name(), " is missing");
  return StrCat("header ", match.name(), " is \"", field->value(), "\", not ", Wanted(match));
}

std::string QueryReason(const router::FieldMatch& match, const router::Request& request) {
  std::string given;
  bool found = router::WithQueryParameter(request.query, match.name(), [&given](std::string_view value) {
    given = value;
    return true;
  });
  if (!found) return StrCat("query parameter ", match.name(), " is missing");
  return StrCat("query parameter ", match.name(), " is \"", given, "\", not ", Wanted(match));
}

Miss MissOf(std::string_view host, const router::Match& match, const router::Request& request) {
  if (!HostMatches(host, request.host)) return {kHost, StrCat("host ", request.host, " is not ", host)};
  if (!match.path.Matches(request.path)) {
    int common = static_cast<int>(std::min<size_t>(CommonPrefix(match.path.text(), request.path), 999));
    return {kPath + common, PathReason(match.path, request.path)};
  }
  router::Mismatch mismatch = router::FirstMismatch(match.conditions.get(), request);
  switch (mismatch.part) {
    case router::Mismatch::Part::kNone:
      return {kHolds, "matches too, but goes after the one above"};
    case router::Mismatch::Part::kMethod:
      return {kMethod, StrCat("method is ", request.method, ", not ", match.conditions->method)};
    case router::Mismatch::Part::kHeader:
      return {kHeader, HeaderReason(match.conditions->headers[mismatch.index], request)};
    case router::Mismatch::Part::kQuery:
      return {kQuery, QueryReason(match.conditions->query[mismatch.index], request)};
  }
  return {};
}

}  // namespace

std::string DescribeMatch(const router::Match& match) {
  std::string text = match.path.DebugString();
  if (match.conditions == nullptr) return text;
  if (!match.conditions->method.empty()) text += StrCat(" + method ", match.conditions->method);
  for (const router::FieldMatch& header : match.conditions->headers) text += StrCat(" + header ", header.DebugString());
  for (const router::FieldMatch& query : match.conditions->query) text += StrCat(" + query ", query.DebugString());
  return text;
}

std::vector<ExplainedMiss> NearestMisses(const Snapshot& snapshot, std::string_view listener,
                                         const router::Request& request, const router::Match* winner) {
  const Attached* attached = snapshot.state().attached.Find(listener, snapshot.state().seed);
  if (attached == nullptr) return {};
  using RuleKey = std::pair<const router::RouteKey*, uint16_t>;
  std::map<RuleKey, Miss> nearest;  // the nearest match of each rule
  attached->router.ForEach([&](std::string_view host, const router::Match& match) {
    if (winner != nullptr && match.route == winner->route && match.rule == winner->rule) return;
    Miss miss = MissOf(host, match, request);
    Miss& best = nearest.try_emplace({match.route, match.rule}, Miss{-1, ""}).first->second;
    if (miss.nearness > best.nearness || (miss.nearness == best.nearness && miss.reason < best.reason)) {
      best = std::move(miss);
    }
  });
  std::vector<std::pair<RuleKey, Miss>> sorted(nearest.begin(), nearest.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    if (a.second.nearness != b.second.nearness) return a.second.nearness > b.second.nearness;
    if (a.first.first != b.first.first) return a.first.first->name < b.first.first->name;
    return a.first.second < b.first.second;
  });
  std::vector<ExplainedMiss> misses;
  for (const auto& [key, miss] : sorted) {
    if (misses.size() == kMaxMisses) break;
    const auto& route = static_cast<const CompiledRoute&>(*key.first);
    misses.push_back({route.name, RuleLabel(route, key.second), miss.reason});
  }
  return misses;
}

}  // namespace penstock::snapshot
