#include "dataplane/router/naive_matcher.h"

#include <re2/re2.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <unordered_map>

#include "dataplane/http/headers.h"

namespace penstock::router::testing {
namespace {

bool RegexMatches(const std::string& pattern, std::string_view text) {
  static auto& cache = *new std::unordered_map<std::string, std::unique_ptr<re2::RE2>>;
  std::unique_ptr<re2::RE2>& regex = cache[pattern];
  if (regex == nullptr) regex = std::make_unique<re2::RE2>(pattern, re2::RE2::Latin1);
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *regex);
}

bool HostMatches(std::string_view pattern, std::string_view host) {
  if (pattern.empty()) return true;
  if (!pattern.starts_with("*.")) return pattern == host;
  std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments(1);
  for (char c : path) {
    if (c == '/') {
      segments.emplace_back();
    } else {
      segments.back() += c;
    }
  }
  segments.erase(segments.begin());
  return segments;
}

bool PathMatches(const PathPattern& pattern, std::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  if (pattern.kind() == PathPattern::Kind::kExact) return pattern.text() == path;
  if (pattern.kind() != PathPattern::Kind::kPrefix) return RegexMatches(pattern.text(), path);
  std::vector<std::string> wanted = Segments(pattern.text().empty() ? "" : pattern.text());
  if (pattern.text().empty()) wanted.clear();
  std::vector<std::string> given = Segments(path);
  return wanted.size() <= given.size() && std::equal(wanted.begin(), wanted.end(), given.begin());
}

std::string Decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && isxdigit(text[i + 1]) && isxdigit(text[i + 2])) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool ValueMatches(const FieldMatch& match, std::string_view value) {
  return match.is_exact() ? match.value() == value : RegexMatches(match.value(), value);
}

bool ParameterMatches(const FieldMatch& match, std::string_view query) {
  size_t from = 0;
  while (from <= query.size()) {
    size_t to = std::min(query.find('&', from), query.size());
    std::string_view pair = query.substr(from, to - from);
    size_t equals = std::min(pair.find('='), pair.size());
    std::string value = equals < pair.size() ? Decode(pair.substr(equals + 1)) : "";
    if (!pair.empty() && Decode(pair.substr(0, equals)) == match.name()) return ValueMatches(match, value);
    from = to + 1;
  }
  return false;
}

bool ConditionsHold(const Match& match, const Request& request) {
  if (match.conditions == nullptr) return true;
  const Conditions& conditions = *match.conditions;
  if (!conditions.method.empty() && conditions.method != request.method) return false;
  for (const FieldMatch& header : conditions.headers) {
    bool any = false;
    for (const http::Field& field : *request.headers) {
      any = any || (field.name() == header.name() && ValueMatches(header, field.value()));
    }
    if (!any) return false;
  }
  return std::all_of(conditions.query.begin(), conditions.query.end(),
                     [&](const FieldMatch& parameter) { return ParameterMatches(parameter, request.query); });
}

// What compares lower goes first.
auto HostOrder(std::string_view host) {
  int kind = host.empty() ? 2 : host.starts_with("*.") ? 1 : 0;
  return std::tuple(kind, -static_cast<long>(host.size()));
}

// '0' for a literal segment, '1' for a wildcard: literal first, from the left. Only for templates.
std::string TemplateShape(const PathPattern& path) {
  std::string shape;
  if (path.kind() != PathPattern::Kind::kTemplate) return shape;
  std::string text = path.text();
  for (size_t at = text.find("[^/]+"); at != std::string::npos; at = text.find("[^/]+")) text.replace(at, 5, "*");
  for (const std::string& segment : Segments(text)) shape += segment == "*" ? '1' : '0';
  return shape;
}

auto PathOrder(const PathPattern& path) {
  bool prefix = path.kind() == PathPattern::Kind::kPrefix;
  bool expression = path.kind() == PathPattern::Kind::kExpression;
  long prefix_length = prefix ? static_cast<long>(path.text().size()) : 0;
  long literal = expression ? static_cast<long>(path.literal_prefix()) : 0;
  long length = expression ? static_cast<long>(path.text().size()) : 0;
  return std::tuple(static_cast<int>(path.kind()), -prefix_length, TemplateShape(path), -literal, -length);
}

auto RestOrder(const Match& match) {
  const Conditions none;
  const Conditions& conditions = match.conditions == nullptr ? none : *match.conditions;
  return std::tuple(conditions.method.empty() ? 1 : 0, -static_cast<long>(conditions.headers.size()),
                    -static_cast<long>(conditions.query.size()), -static_cast<long>(match.route->priority),
                    match.route->first_generation, match.route->name, match.rule, match.index);
}

}  // namespace

void NaiveMatcher::Erase(std::string_view host, const Match& match) {
  std::erase_if(matches_, [&](const auto& entry) { return entry.first == host && entry.second == &match; });
}

const Match* NaiveMatcher::Find(const Request& request) const {
  std::vector<std::pair<std::string, const Match*>> holding;
  for (const auto& [host, match] : matches_) {
    if (HostMatches(host, request.host) && PathMatches(match->path, request.path) && ConditionsHold(*match, request)) {
      holding.emplace_back(host, match);
    }
  }
  auto first = std::min_element(holding.begin(), holding.end(), [](const auto& a, const auto& b) {
    return std::tuple(HostOrder(a.first), PathOrder(a.second->path), RestOrder(*a.second)) <
           std::tuple(HostOrder(b.first), PathOrder(b.second->path), RestOrder(*b.second));
  });
  return first == holding.end() ? nullptr : first->second;
}

}  // namespace penstock::router::testing
