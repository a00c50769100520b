#include "dataplane/policies/condition/request_terms.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "dataplane/base/ascii.h"
#include "dataplane/base/printable.h"
#include "dataplane/http/uri.h"
#include "dataplane/policies/cidr_set/cidr_set.h"
#include "dataplane/policies/condition/value_set.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/policies/headers/list_members.h"
#include "dataplane/router/path_pattern.h"

namespace penstock::policies {
namespace {

using router::PathPattern;

// Names of methods are case-sensitive (RFC 9110 9.1), but not to everybody behind us: to keep somebody out, in any
// case.
class MethodsTerm final : public Term {
 public:
  MethodsTerm(ValueSet methods, ValueSet upper) : methods_(std::move(methods)), upper_(std::move(upper)) {}

  bool Holds(const Exchange& x, Use use) const override {
    std::string_view method = x.request.method_text;
    std::array<char, kMaxMethod> upper;
    if (use == Use::kAllow || method.size() > upper.size()) return methods_.Contains(method);
    std::transform(method.begin(), method.end(), upper.begin(), absl::ascii_toupper);
    return upper_.Contains(std::string_view(upper.data(), method.size()));
  }
  std::string Describe() const override { return StrCat("method ", methods_.Text()); }
  std::string Seen(const Exchange& x) const override { return StrCat("it is ", Printable(x.request.method_text)); }

 private:
  static constexpr size_t kMaxMethod = 64;

  ValueSet methods_;
  ValueSet upper_;
};

// To keep somebody out, a path is each of its spellings.
class PathsTerm final : public Term {
 public:
  // UNESCAPED: PATHS without escaped delimiters; none if they have none.
  PathsTerm(std::vector<PathPattern> paths, std::vector<PathPattern> unescaped)
      : paths_(std::move(paths)), unescaped_(std::move(unescaped)) {}

  bool Holds(const Exchange& x, Use use) const override {
    if (Match(paths_, x.request.path)) return true;
    if (use == Use::kAllow) return false;
    std::string_view unescaped = x.UnescapedPath();
    bool alike = unescaped.data() == x.request.path.data() && unescaped_.empty();
    return !alike && Match(unescaped_.empty() ? paths_ : unescaped_, unescaped);
  }
  std::string Describe() const override {
    return StrCat("path ", ShortList(paths_.size(), [this](size_t i) { return TextOf(paths_[i]); }));
  }
  std::string Seen(const Exchange& x) const override { return StrCat("it is ", Printable(x.request.path)); }

 private:
  static bool Match(const std::vector<PathPattern>& paths, std::string_view path) {
    return std::any_of(paths.begin(), paths.end(), [path](const PathPattern& one) { return one.Matches(path); });
  }
  // "=/a", "/a", "~/a/[0-9]+"
  static std::string TextOf(const PathPattern& path) {
    std::string_view text = path.text().empty() ? std::string_view("/") : std::string_view(path.text());
    if (path.kind() == PathPattern::Kind::kPrefix) return Printable(text);
    return StrCat(path.kind() == PathPattern::Kind::kExact ? "=" : "~", Printable(text));
  }

  std::vector<PathPattern> paths_;
  std::vector<PathPattern> unescaped_;
};

class HeaderTerm final : public Term {
 public:
  HeaderTerm(std::string name, ValueSet values) : name_(std::move(name)), values_(std::move(values)) {}

  bool Holds(const Exchange& x, Use use) const override {
    if (values_.empty()) return x.request.headers.Has(name_);
    return use == Use::kAllow ? AllAmong(x.request.headers) : OneAmong(x.request.headers);
  }
  std::string Describe() const override {
    // A credential is nobody's to read.
    bool secret = (http::FlagsOf(http::FindHeaderId(name_), name_) & http::kAuth) != 0;
    return StrCat("header ", name_, values_.empty() ? "" : "=", secret && !values_.empty() ? "..." : values_.Text());
  }
  std::string Seen(const Exchange& x) const override {
    if (!x.request.headers.Has(name_)) return "it is not there";
    return HasTooMany(x.request.headers) ? StrCat("it has more than ", kMaxMembers, " values") : "it has another value";
  }
  std::string NotLookedAt(const Exchange& x) const override {
    bool not_looked_at = !values_.empty() && HasTooMany(x.request.headers);
    return not_looked_at ? StrCat("header ", name_, " has more than ", kMaxMembers, " values") : "";
  }

 private:
  bool HasTooMany(const http::Headers& headers) const {
    return ForEachMember(headers, name_, [](std::string_view) { return true; }) == Walk::kTooMany;
  }
  bool AllAmong(const http::Headers& headers) const {
    bool all = false;
    Walk walk = ForEachMember(headers, name_, [&](std::string_view member) { return all = values_.Contains(member); });
    return all && walk != Walk::kTooMany;
  }
  bool OneAmong(const http::Headers& headers) const {
    bool one = false;
    Walk walk = ForEachMember(headers, name_, [&](std::string_view member) {
      one = values_.Contains(member) || ContainsUnquoted(member);
      return !one;
    });
    return one || walk == Walk::kTooMany;
  }
  // Backends may take marks of quotation and backslashes away, before they split at commas or after (RFC 9110 5.6.4).
  bool ContainsUnquoted(std::string_view member) const {
    if (member.find_first_of("\"\\") == std::string_view::npos) return false;
    std::array<char, kMaxValueLength> text;
    size_t size = 0;
    for (size_t i = 0; i < member.size(); ++i) {
      if (member[i] == '"') continue;
      if (member[i] == '\\' && i + 1 < member.size()) ++i;
      if (size == text.size()) return false;
      text[size++] = member[i];
    }
    return values_.Contains(WithoutBlanks({text.data(), size}));
  }

  std::string name_;  // lower case
  ValueSet values_;
};

class AddressesTerm final : public Term {
 public:
  explicit AddressesTerm(CidrSet addresses) : addresses_(std::move(addresses)) {}

  bool Holds(const Exchange& x, Use) const override { return addresses_.Contains(x.client.address); }
  std::string Describe() const override { return StrCat("address ", addresses_.Text()); }
  std::string Seen(const Exchange& x) const override { return StrCat("it is ", x.client_text); }

 private:
  CidrSet addresses_;
};

// TEXT, an expression, with delimiters for their escapes.
std::string ExpressionWithoutEscapedDelimiters(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    int byte = EscapedByte(text);
    bool delimiter = byte > 0 && http::kPathDelimiters.find(static_cast<char>(byte)) != std::string_view::npos;
    if (delimiter) result += '\\';
    result += delimiter ? static_cast<char>(byte) : text[0];
    text.remove_prefix(delimiter ? 3 : 1);
  }
  return result;
}

// PATTERN itself if there is no such pattern.
PathPattern WithoutEscapedDelimiters(const PathPattern& pattern) {
  Arena arena;
  std::string text(http::WithoutEscapedDelimiters(pattern.text(), arena));
  StatusOr<PathPattern> result = pattern;
  if (pattern.kind() == PathPattern::Kind::kExact) result = PathPattern::Exact(text);
  if (pattern.kind() == PathPattern::Kind::kPrefix && !text.empty()) result = PathPattern::Prefix(text);
  if (pattern.kind() == PathPattern::Kind::kExpression || pattern.kind() == PathPattern::Kind::kTemplate)
    result = PathPattern::Expression(ExpressionWithoutEscapedDelimiters(pattern.text()));
  return result.ok() ? *std::move(result) : pattern;
}

StatusOr<PathPattern> MakePattern(const xds::v1::PathCondition& config) {
  switch (config.kind_case()) {
    case xds::v1::PathCondition::kExact:
      return PathPattern::Exact(config.exact());
    case xds::v1::PathCondition::kPrefix:
      return PathPattern::Prefix(config.prefix());
    case xds::v1::PathCondition::kRegex:
      return PathPattern::Expression(config.regex());
    case xds::v1::PathCondition::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("none of exact, prefix and regex, or what this build does not know");
}

// A path that no request has would be a rule that guards nothing.
Status CheckCanonical(const PathPattern& pattern) {
  bool literal = pattern.kind() == PathPattern::Kind::kExact || pattern.kind() == PathPattern::Kind::kPrefix;
  if (!literal || pattern.text().empty()) return absl::OkStatus();
  Arena arena;
  std::string_view canonical;
  http::TargetResult result = http::CanonicalPath(pattern.text(), http::EscapedSlashes::kKeep, arena, canonical);
  if (result != http::TargetResult::kOk) return absl::InvalidArgumentError(ToAbsl(http::TargetResultText(result)));
  if (canonical == pattern.text()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("\"", pattern.text(), "\" is never the canonical path of a request; that is \"", canonical, "\""));
}

Status CheckFieldOfPolicies(std::string_view name) {
  RETURN_IF_ERROR(CheckFieldName(name));
  uint8_t flags = http::FlagsOf(http::FindHeaderId(name), name);
  if ((flags & (http::kHopByHop | http::kFraming | http::kOverride)) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("\"", name, "\" is taken out of every request before policies see it, so that it is never there"));
}

// Members of a list are looked at one by one: a value with a comma would never be found.
Status CheckMember(std::string_view value) {
  RETURN_IF_ERROR(CheckFieldValue(value));
  if (value.find(',') == std::string_view::npos) return absl::OkStatus();
  return absl::InvalidArgumentError("holds a comma: write what stands between commas as values of their own");
}

}  // namespace

Status AddMethods(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  if (config.methods().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(ValueSet methods, ValueSet::Make(config.methods(), "methods"));
  ValueSet::Texts in_upper_case;
  for (int i = 0; i < config.methods_size(); ++i) {
    if (!IsToken(config.methods(i))) {
      return absl::InvalidArgumentError(StrCat("methods[", i, "]: \"", config.methods(i), "\" is no method"));
    }
    in_upper_case.Add(absl::AsciiStrToUpper(config.methods(i)));
  }
  ASSIGN_OR_RETURN(ValueSet upper, ValueSet::Make(in_upper_case, "methods"));
  terms.push_back(std::make_unique<MethodsTerm>(std::move(methods), std::move(upper)));
  return absl::OkStatus();
}

Status AddPaths(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  if (config.paths().empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckCount(config.paths_size(), kMaxTerms, "paths"));
  std::vector<PathPattern> paths;
  std::vector<PathPattern> unescaped;
  bool escapes = false;
  for (int i = 0; i < config.paths_size(); ++i) {
    ASSIGN_OR_RETURN(PathPattern pattern, MakePattern(config.paths(i)), _ << "paths[" << i << "]");
    RETURN_IF_ERROR(CheckCanonical(pattern)) << "paths[" << i << "]";
    unescaped.push_back(WithoutEscapedDelimiters(pattern));
    escapes = escapes || unescaped.back().text() != pattern.text();
    paths.push_back(std::move(pattern));
  }
  if (!escapes) unescaped.clear();
  terms.push_back(std::make_unique<PathsTerm>(std::move(paths), std::move(unescaped)));
  return absl::OkStatus();
}

Status AddHeaders(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  RETURN_IF_ERROR(CheckCount(config.headers_size(), kMaxTerms, "headers"));
  for (int i = 0; i < config.headers_size(); ++i) {
    const xds::v1::HeaderCondition& header = config.headers(i);
    std::string field = StrCat("headers[", i, "]");
    std::string name = LowerCase(header.name());
    RETURN_IF_ERROR(CheckFieldOfPolicies(name)) << field << ".name";
    ASSIGN_OR_RETURN(ValueSet values, ValueSet::Make(header.values(), field + ".values"));
    for (int j = 0; j < header.values_size(); ++j) {
      RETURN_IF_ERROR(CheckMember(header.values(j))) << field << ".values[" << j << "]";
    }
    terms.push_back(std::make_unique<HeaderTerm>(std::move(name), std::move(values)));
  }
  return absl::OkStatus();
}

Status AddAddresses(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  if (config.addresses().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(CidrSet addresses, CidrSet::Parse(config.addresses(), "addresses"));
  terms.push_back(std::make_unique<AddressesTerm>(std::move(addresses)));
  return absl::OkStatus();
}

}  // namespace penstock::policies
