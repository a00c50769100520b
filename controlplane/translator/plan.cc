#include "controlplane/translator/plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/field_diff.h"

namespace penstock::translator {
namespace {

namespace api = manifests::v1;
using manifests::Cat;

std::string RuleLabel(const api::HTTPRouteRule& rule, int index) {
  return rule.name().empty() ? Cat("rules[", index, "]") : Cat("rule \"", rule.name(), "\"");
}

std::string MatchText(const api::HTTPRouteMatch& match) {
  std::string type = match.path().type().empty() ? "PathPrefix" : match.path().type();
  std::string text = Cat(type, " ", match.path().value().empty() ? "/" : match.path().value());
  if (!match.method().empty()) manifests::Append(text, " ", match.method());
  for (const api::HTTPHeaderMatch& header : match.headers()) {
    manifests::Append(text, " header ", header.name(), header.type() == "RegularExpression" ? "~" : "=",
                      header.value());
  }
  for (const api::HTTPQueryParamMatch& query : match.query_params()) {
    manifests::Append(text, " query ", query.name(), query.type() == "RegularExpression" ? "~" : "=", query.value());
  }
  return text;
}

int32_t WeightOf(const api::HTTPBackendRef& ref) { return ref.has_weight() ? ref.weight() : 1; }

std::string BackendLabel(const api::HTTPBackendRef& ref) {
  std::string text = ref.namespace_().empty() ? ref.name() : Cat(ref.namespace_(), "/", ref.name());
  if (ref.has_port()) manifests::Append(text, ":", ref.port());
  return text;
}

std::string RedirectText(const api::HTTPRequestRedirectFilter& redirect) {
  std::string text = Cat("redirect ", redirect.has_status_code() ? redirect.status_code() : 302, " ");
  if (!redirect.scheme().empty()) manifests::Append(text, redirect.scheme(), "://");
  manifests::Append(text, redirect.hostname().empty() ? "same host" : redirect.hostname());
  if (redirect.has_port()) manifests::Append(text, ":", redirect.port());
  manifests::Append(text, redirect.path().replace_full_path(), redirect.path().replace_prefix_match());
  return text;
}

std::string ActionText(const api::HTTPRouteRule& rule) {
  for (const api::HTTPRouteFilter& filter : rule.filters()) {
    if (filter.type() == "RequestRedirect") return RedirectText(filter.request_redirect());
  }
  if (rule.backend_refs().empty()) return "500 (no backendRefs)";
  std::string text;
  for (const api::HTTPBackendRef& ref : rule.backend_refs()) {
    manifests::Append(text, text.empty() ? "" : ", ", BackendLabel(ref));
    if (rule.backend_refs_size() > 1) manifests::Append(text, " ", WeightOf(ref));
  }
  return text;
}

std::string RuleText(const api::HTTPRouteRule& rule) {
  std::string text;
  for (const api::HTTPRouteMatch& match : rule.matches())
    manifests::Append(text, text.empty() ? "" : " | ", MatchText(match));
  if (text.empty()) text = "PathPrefix /";
  manifests::Append(text, " -> ", ActionText(rule));
  for (const api::HTTPRouteFilter& filter : rule.filters()) {
    if (filter.type() != "RequestRedirect") manifests::Append(text, ", ", filter.type());
  }
  if (!rule.timeouts().request().empty()) manifests::Append(text, ", timeout ", rule.timeouts().request());
  return text;
}

using Weights = std::vector<std::pair<std::string, int32_t>>;

// Backends by name alone as long as that is unique in the rule.
Weights WeightsOf(const api::HTTPRouteRule& rule, bool with_port) {
  Weights weights;
  for (const api::HTTPBackendRef& ref : rule.backend_refs()) {
    std::string name = with_port ? BackendLabel(ref) : ref.name();
    auto same = std::find_if(weights.begin(), weights.end(), [&](const auto& w) { return w.first == name; });
    if (same == weights.end()) {
      weights.emplace_back(name, WeightOf(ref));
    } else {
      same->second += WeightOf(ref);
    }
  }
  return weights;
}

const int32_t* FindWeight(const Weights& weights, const std::string& name) {
  auto found = std::find_if(weights.begin(), weights.end(), [&](const auto& w) { return w.first == name; });
  return found == weights.end() ? nullptr : &found->second;
}

std::string WeightDiff(const Weights& before, const Weights& after) {
  std::string text;
  auto comma = [&] { return text.empty() ? "" : ", "; };
  for (const auto& [name, weight] : after) {
    const int32_t* old = FindWeight(before, name);
    if (old == nullptr) {
      manifests::Append(text, comma(), name, " + ", weight);
    } else if (*old != weight) {
      manifests::Append(text, comma(), name, " ", *old, " -> ", weight);
    }
  }
  for (const auto& [name, weight] : before) {
    if (FindWeight(after, name) == nullptr) manifests::Append(text, comma(), name, " - ", weight);
  }
  return text;
}

void AppendRuleDiff(const api::HTTPRouteRule& before, const api::HTTPRouteRule& after, const std::string& label,
                    std::vector<std::string>& lines) {
  bool unique = WeightsOf(before, false).size() == static_cast<size_t>(before.backend_refs_size()) &&
                WeightsOf(after, false).size() == static_cast<size_t>(after.backend_refs_size());
  std::string weights = WeightDiff(WeightsOf(before, !unique), WeightsOf(after, !unique));
  if (!weights.empty()) lines.push_back(Cat(label, ": weights ", weights));
  api::HTTPRouteRule old = before;
  api::HTTPRouteRule now = after;
  for (api::HTTPRouteRule* rule : {&old, &now}) {
    // The weights are told; ports and filters of backends that stayed are not.
    for (api::HTTPBackendRef& ref : *rule->mutable_backend_refs()) ref.clear_weight();
    if (!weights.empty()) {
      const Weights other = WeightsOf(rule == &old ? after : before, !unique);
      auto gone = std::remove_if(rule->mutable_backend_refs()->begin(), rule->mutable_backend_refs()->end(),
                                 [&](const api::HTTPBackendRef& ref) {
                                   return FindWeight(other, unique ? ref.name() : BackendLabel(ref)) == nullptr;
                                 });
      rule->mutable_backend_refs()->erase(gone, rule->mutable_backend_refs()->end());
    }
  }
  std::vector<std::string> rest;
  AppendFieldDiff(old, now, "", rest);
  for (const std::string& line : rest) lines.push_back(Cat(label, ": ", line));
}

// Rules with a name are the same rule wherever they stand; the others are told apart by their place.
std::map<std::string, const api::HTTPRouteRule*> RulesByLabel(const api::HTTPRouteSpec& spec) {
  std::map<std::string, const api::HTTPRouteRule*> rules;
  for (int i = 0; i < spec.rules_size(); ++i) rules.emplace(RuleLabel(spec.rules(i), i), &spec.rules(i));
  return rules;
}

void AppendRouteDiff(const api::HTTPRoute& before, const api::HTTPRoute& after, std::vector<std::string>& lines) {
  std::map<std::string, const api::HTTPRouteRule*> old = RulesByLabel(before.spec());
  std::map<std::string, const api::HTTPRouteRule*> now = RulesByLabel(after.spec());
  for (int i = 0; i < after.spec().rules_size(); ++i) {
    std::string label = RuleLabel(after.spec().rules(i), i);
    auto found = old.find(label);
    if (found == old.end()) {
      lines.push_back(Cat(label, ": + ", RuleText(after.spec().rules(i))));
    } else {
      AppendRuleDiff(*found->second, after.spec().rules(i), label, lines);
    }
  }
  for (int i = 0; i < before.spec().rules_size(); ++i) {
    std::string label = RuleLabel(before.spec().rules(i), i);
    if (!now.contains(label)) lines.push_back(Cat(label, ": - ", RuleText(before.spec().rules(i))));
  }
  api::HTTPRoute old_rest = before;
  api::HTTPRoute new_rest = after;
  old_rest.mutable_spec()->clear_rules();
  new_rest.mutable_spec()->clear_rules();
  AppendFieldDiff(old_rest, new_rest, "", lines);
}

}  // namespace

std::vector<std::string> DescribeChange(const manifests::Object* before, const manifests::Object* after) {
  if (before == nullptr || after == nullptr) return DescribeRoute(before == nullptr ? after : before);
  std::vector<std::string> lines;
  const api::HTTPRoute* old_route = before->As<api::HTTPRoute>();
  const api::HTTPRoute* new_route = after->As<api::HTTPRoute>();
  if (old_route != nullptr && new_route != nullptr) {
    AppendRouteDiff(*old_route, *new_route, lines);
  } else if (before->message().GetDescriptor() == after->message().GetDescriptor()) {
    AppendFieldDiff(before->message(), after->message(), "", lines);
  }
  if (lines.size() > kMaxPlanLines) {
    size_t more = lines.size() - kMaxPlanLines;
    lines.resize(kMaxPlanLines);
    lines.push_back(Cat("and ", more, " more differences"));
  }
  return lines;
}

std::vector<std::string> DescribeRoute(const manifests::Object* object) {
  std::vector<std::string> lines;
  const api::HTTPRoute* route = object == nullptr ? nullptr : object->As<api::HTTPRoute>();
  if (route == nullptr) return lines;
  for (int i = 0; i < route->spec().rules_size() && lines.size() < kMaxPlanLines; ++i) {
    lines.push_back(Cat(RuleLabel(route->spec().rules(i), i), ": ", RuleText(route->spec().rules(i))));
  }
  return lines;
}

}  // namespace penstock::translator
