#include "controlplane/translator/rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/filters.h"
#include "controlplane/translator/settings.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;

// Of Exact and PathPrefix: requests come with normalised paths, so a pattern that is not normalised could never match.
std::string PathProblem(std::string_view path) {
  if (!path.starts_with('/')) return "a path begins with \"/\"";
  constexpr std::string_view kNever[] = {"//", "/./", "/../", "#"};
  for (std::string_view part : kNever) {
    if (path.find(part) != std::string_view::npos) return Cat("no request path contains \"", part, "\"");
  }
  for (std::string_view part : {"%2f", "%2F"}) {
    if (path.find(part) == std::string_view::npos) continue;
    return Cat("no request path contains \"", part,
               "\", but where a ClientPolicy keeps escaped slashes: there, match it by a RegularExpression");
  }
  if (path.ends_with("/.") || path.ends_with("/..")) return "no request path ends with \"/.\" or \"/..\"";
  return "";
}

void SetPath(const api::HTTPPathMatch& path, const std::string& field, FindingSink& findings, wire::RouteMatch& out) {
  std::string value = path.value().empty() ? "/" : path.value();
  std::string_view type = path.type().empty() ? "PathPrefix" : std::string_view(path.type());
  if (type == "RegularExpression") {
    out.set_regex(value);
    return;
  }
  if (std::string problem = PathProblem(value); !problem.empty())
    findings.Error(field + ".path.value", "E121", problem);
  if (type == "Exact") {
    out.set_exact(value);
  } else {
    out.set_prefix(value);
  }
}

void SetKind(const std::string& type, const std::string& value, wire::StringMatch& out) {
  if (type == "RegularExpression") {
    out.set_regex(value);
  } else {
    out.set_exact(value);
  }
}

wire::RouteMatch TranslateMatch(const api::HTTPRouteMatch& match, const std::string& field, FindingSink& findings) {
  wire::RouteMatch out;
  SetPath(match.path(), field, findings, out);
  out.set_method(match.method());
  std::set<std::string> names, spellings;
  for (int i = 0; i < match.headers_size(); ++i) {
    const api::HTTPHeaderMatch& header = match.headers(i);
    if (!spellings.insert(header.name()).second) continue;  // E020 was said of it
    std::string name = Lower(header.name());
    if (!names.insert(name).second) {
      // Gateway API: of equivalent names the first counts.
      findings.Warning(Cat(field, ".headers[", i, "].name"), "W207",
                       Cat("header \"", name, "\" is matched twice; only the first counts"));
      continue;
    }
    wire::StringMatch& to = *out.add_headers();
    to.set_name(name);
    SetKind(header.type(), header.value(), to);
  }
  for (const api::HTTPQueryParamMatch& query : match.query_params()) {
    wire::StringMatch& to = *out.add_query();
    to.set_name(query.name());
    SetKind(query.type(), query.value(), to);
  }
  return out;
}

bool IsPrefix(const api::HTTPRouteMatch& match) {
  return match.path().type().empty() || match.path().type() == "PathPrefix";
}

// One run over one route.
class RuleTranslator {
 public:
  RuleTranslator(const ObjectKey& route, Reader& reader, FindingSink& findings)
      : route_(route), reader_(reader), findings_(findings) {}

  TranslatedRules Run(const api::HTTPRouteSpec& spec) {
    const auto& rules = RulesOf(spec);
    std::set<std::string> names;
    for (int i = 0; i < rules.size(); ++i) {
      std::string path = Cat("spec.rules[", i, "]");
      if (!rules[i].name().empty() && !names.insert(rules[i].name()).second) {
        findings_.Error(path + ".name", "E121", Cat("two rules are called \"", rules[i].name(), "\""),
                        "give each its own name");
      }
      AddRule(rules[i], path);
    }
    return std::move(out_);
  }

 private:
  void AddRule(const api::HTTPRouteRule& rule, const std::string& path) {
    wire::RouteRule& out = *out_.rules.Add();
    out.set_name(rule.name());
    for (int i = 0; i < rule.matches_size(); ++i) {
      *out.add_matches() = TranslateMatch(rule.matches(i), Cat(path, ".matches[", i, "]"), findings_);
    }
    bool prefix_only = std::all_of(rule.matches().begin(), rule.matches().end(), IsPrefix);
    TranslatedFilters filters = TranslateFilters(rule.filters(), path + ".filters", FilterPlace::kRule, prefix_only,
                                                 route_, reader_, findings_);
    Note(filters);
    *out.mutable_filters() = std::move(filters.filters);
    CheckTimeouts(rule.timeouts().request(), rule.timeouts().backend_request(), path + ".timeouts", findings_);
    if (filters.redirect.has_value()) {
      *out.mutable_redirect() = std::move(*filters.redirect);
      if (rule.backend_refs().empty()) return;
      findings_.Error(path + ".backendRefs", "E120", "a rule that redirects forwards nothing",
                      "remove backendRefs or the redirect");
      return;
    }
    AddBackends(rule, path, prefix_only, *out.mutable_forward());
  }

  void AddBackends(const api::HTTPRouteRule& rule, const std::string& path, bool prefix_only, wire::Forward& forward) {
    uint64_t sum = 0;
    for (int i = 0; i < rule.backend_refs_size(); ++i) {
      const api::HTTPBackendRef& ref = rule.backend_refs(i);
      sum += ref.has_weight() ? static_cast<uint64_t>(std::max(ref.weight(), 0)) : 1;
      AddBackend(ref, Cat(path, ".backendRefs[", i, "]"), prefix_only, forward);
    }
    if (rule.backend_refs().empty()) {
      findings_.Warning(path, "W206", "the rule has no backendRefs and no redirect: its requests are answered with 500",
                        "add backendRefs");
    } else if (sum == 0) {
      findings_.Warning(path + ".backendRefs", "W204", "all weights are 0: the rule's requests are answered with 500",
                        "give one of the backends a weight");
    }
  }

  void AddBackend(const api::HTTPBackendRef& ref, const std::string& path, bool prefix_only, wire::Forward& forward) {
    wire::WeightedCluster& out = *forward.add_clusters();
    ResolvedBackend backend = ResolveBackend(ReferenceOf(ref), path, route_, reader_, findings_);
    out.set_cluster(backend.cluster);
    out.set_problem(backend.problem);
    out.set_weight(ref.has_weight() ? static_cast<uint32_t>(std::max(ref.weight(), 0)) : 1);
    TranslatedFilters filters = TranslateFilters(ref.filters(), path + ".filters", FilterPlace::kBackendRef,
                                                 prefix_only, route_, reader_, findings_);
    Note(filters);
    *out.mutable_filters() = std::move(filters.filters);
    if (backend.websocket && forward.upgrades().empty()) forward.add_upgrades("websocket");
    if (backend.cluster.empty()) out_.unresolved.push_back(std::move(backend));
  }

  void Note(const TranslatedFilters& filters) {
    out_.unresolved.insert(out_.unresolved.end(), filters.unresolved.begin(), filters.unresolved.end());
  }

  const ObjectKey& route_;
  Reader& reader_;
  FindingSink& findings_;
  TranslatedRules out_;
};

std::string StringMatchText(const wire::StringMatch& match) {
  return match.has_regex() ? Cat(match.name(), "~", match.regex()) : Cat(match.name(), "=", match.exact());
}

void AppendSorted(const google::protobuf::RepeatedPtrField<wire::StringMatch>& matches, char mark, std::string& text) {
  std::vector<std::string> parts;
  for (const wire::StringMatch& match : matches) parts.push_back(StringMatchText(match));
  std::sort(parts.begin(), parts.end());
  for (const std::string& part : parts) manifests::Append(text, '\n', mark, part);
}

}  // namespace

TranslatedRules TranslateRules(const ObjectKey& route, const api::HTTPRouteSpec& spec, Reader& reader,
                               FindingSink& findings) {
  return RuleTranslator(route, reader, findings).Run(spec);
}

const google::protobuf::RepeatedPtrField<api::HTTPRouteRule>& RulesOf(const api::HTTPRouteSpec& spec) {
  static const api::HTTPRouteSpec& kDefault = *[] {
    auto* with_default = new api::HTTPRouteSpec();
    with_default->add_rules();
    return with_default;
  }();
  return spec.rules().empty() ? kDefault.rules() : spec.rules();
}

void ForEachCluster(wire::RouteRule& rule, absl::FunctionRef<void(std::string& cluster)> visit) {
  auto mirrors = [&](google::protobuf::RepeatedPtrField<wire::Filter>& filters) {
    for (wire::Filter& filter : filters) {
      if (filter.has_mirror()) visit(*filter.mutable_mirror()->mutable_cluster());
    }
  };
  auto all = [&](google::protobuf::RepeatedPtrField<wire::WeightedCluster>& clusters) {
    for (wire::WeightedCluster& cluster : clusters) {
      visit(*cluster.mutable_cluster());
      mirrors(*cluster.mutable_filters());
    }
  };
  mirrors(*rule.mutable_filters());
  if (rule.has_forward()) all(*rule.mutable_forward()->mutable_clusters());
  if (rule.has_tunnel()) all(*rule.mutable_tunnel()->mutable_clusters());
}

std::string MatchText(const wire::RouteMatch& match) {
  std::string text = match.method();
  std::string_view prefix = match.prefix();
  if (prefix.empty() && !match.has_exact() && !match.has_regex()) prefix = "/";
  if (prefix.size() > 1 && prefix.ends_with('/')) prefix.remove_suffix(1);
  if (match.has_exact()) {
    manifests::Append(text, "\n=", match.exact());
  } else if (match.has_regex()) {
    manifests::Append(text, "\n~", match.regex());
  } else {
    manifests::Append(text, "\n^", prefix);
  }
  AppendSorted(match.headers(), 'h', text);
  AppendSorted(match.query(), 'q', text);
  return text;
}

}  // namespace penstock::translator
