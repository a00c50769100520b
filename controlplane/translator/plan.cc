#include "controlplane/translator/plan.h"

#include <algorithm>
#include <map>
#include <type_traits>
#include <utility>

#include "api/manifests/v1/grpcroute.pb.h"
#include "api/manifests/v1/httproute.pb.h"
#include "api/manifests/v1/layer4.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/field_diff.h"

namespace penstock::translator {
namespace {

namespace api = manifests::v1;
using manifests::Cat;

// The kinds of routes differ in what their rules have: a rule of layer 4 has neither matches nor filters. What is
// written here with `requires` is for those that have it.

template <typename Rule>
std::string RuleLabel(const Rule& rule, int index) {
  return rule.name().empty() ? Cat("rules[", index, "]") : Cat("rule \"", rule.name(), "\"");
}

void AppendHeaders(const google::protobuf::RepeatedPtrField<api::HTTPHeaderMatch>& headers, std::string& text) {
  for (const api::HTTPHeaderMatch& header : headers) {
    manifests::Append(text, " header ", header.name(), header.type() == "RegularExpression" ? "~" : "=",
                      header.value());
  }
}

std::string MatchText(const api::GRPCRouteMatch& match) {
  std::string text = "every call";
  const api::GRPCMethodMatch& method = match.method();
  if (match.has_method()) {
    text = Cat(method.type() == "RegularExpression" ? "RegularExpression " : "",
               method.service().empty() ? "*" : method.service(), "/", method.method().empty() ? "*" : method.method());
  }
  AppendHeaders(match.headers(), text);
  return text;
}

std::string MatchText(const api::HTTPRouteMatch& match) {
  std::string type = match.path().type().empty() ? "PathPrefix" : match.path().type();
  std::string text = Cat(type, " ", match.path().value().empty() ? "/" : match.path().value());
  if (!match.method().empty()) manifests::Append(text, " ", match.method());
  AppendHeaders(match.headers(), text);
  for (const api::HTTPQueryParamMatch& query : match.query_params()) {
    manifests::Append(text, " query ", query.name(), query.type() == "RegularExpression" ? "~" : "=", query.value());
  }
  return text;
}

template <typename Ref>
int32_t WeightOf(const Ref& ref) {
  return ref.has_weight() ? ref.weight() : 1;
}

template <typename Ref>
std::string BackendLabel(const Ref& ref) {
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

template <typename Rule>
std::string ActionText(const Rule& rule) {
  if constexpr (std::is_same_v<Rule, api::HTTPRouteRule>) {
    for (const api::HTTPRouteFilter& filter : rule.filters()) {
      if (filter.type() == "RequestRedirect") return RedirectText(filter.request_redirect());
    }
  }
  if (rule.backend_refs().empty())
    return std::is_same_v<Rule, api::GRPCRouteRule> ? "UNAVAILABLE (no backendRefs)" : "500 (no backendRefs)";
  std::string text;
  for (const auto& ref : rule.backend_refs()) {
    manifests::Append(text, text.empty() ? "" : ", ", BackendLabel(ref));
    if (rule.backend_refs_size() > 1) manifests::Append(text, " ", WeightOf(ref));
  }
  return text;
}

// What the rule is for: its matches, or everything.
template <typename Rule>
std::string MatchesText(const Rule& rule) {
  std::string text;
  if constexpr (requires { rule.matches(); }) {
    for (const auto& match : rule.matches()) manifests::Append(text, text.empty() ? "" : " | ", MatchText(match));
  }
  if (!text.empty()) return text;
  if constexpr (std::is_same_v<Rule, api::HTTPRouteRule>) return "PathPrefix /";
  return std::is_same_v<Rule, api::GRPCRouteRule> ? "every call" : "every connection";
}

template <typename Rule>
std::string RuleText(const Rule& rule) {
  std::string text = Cat(MatchesText(rule), " -> ", ActionText(rule));
  if constexpr (requires { rule.filters(); }) {
    for (const auto& filter : rule.filters()) {
      if (filter.type() != "RequestRedirect") manifests::Append(text, ", ", filter.type());
    }
  }
  if constexpr (requires { rule.timeouts(); }) {
    if (!rule.timeouts().request().empty()) manifests::Append(text, ", timeout ", rule.timeouts().request());
  }
  return text;
}

using Weights = std::vector<std::pair<std::string, int32_t>>;

// Backends by name alone as long as that is unique in the rule.
template <typename Rule>
Weights WeightsOf(const Rule& rule, bool with_port) {
  Weights weights;
  for (const auto& ref : rule.backend_refs()) {
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

template <typename Rule>
void AppendRuleDiff(const Rule& before, const Rule& after, const std::string& label, std::vector<std::string>& lines) {
  bool unique = WeightsOf(before, false).size() == static_cast<size_t>(before.backend_refs_size()) &&
                WeightsOf(after, false).size() == static_cast<size_t>(after.backend_refs_size());
  std::string weights = WeightDiff(WeightsOf(before, !unique), WeightsOf(after, !unique));
  if (!weights.empty()) lines.push_back(Cat(label, ": weights ", weights));
  Rule old = before;
  Rule now = after;
  for (Rule* rule : {&old, &now}) {
    // The weights are told; ports and filters of backends that stayed are not.
    for (auto& ref : *rule->mutable_backend_refs()) ref.clear_weight();
    if (!weights.empty()) {
      const Weights other = WeightsOf(rule == &old ? after : before, !unique);
      auto gone = std::remove_if(
          rule->mutable_backend_refs()->begin(), rule->mutable_backend_refs()->end(),
          [&](const auto& ref) { return FindWeight(other, unique ? ref.name() : BackendLabel(ref)) == nullptr; });
      rule->mutable_backend_refs()->erase(gone, rule->mutable_backend_refs()->end());
    }
  }
  std::vector<std::string> rest;
  AppendFieldDiff(old, now, "", rest);
  for (const std::string& line : rest) lines.push_back(Cat(label, ": ", line));
}

// Rules with a name are the same rule wherever they stand; the others are told apart by their place.
template <typename Rules>
auto RulesByLabel(const Rules& rules) {
  std::map<std::string, const typename Rules::value_type*> by_label;
  for (int i = 0; i < rules.size(); ++i) by_label.emplace(RuleLabel(rules[i], i), &rules[i]);
  return by_label;
}

template <typename Route>
void AppendRouteDiff(const Route& before, const Route& after, std::vector<std::string>& lines) {
  auto old = RulesByLabel(before.spec().rules());
  auto now = RulesByLabel(after.spec().rules());
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
  Route old_rest = before;
  Route new_rest = after;
  old_rest.mutable_spec()->clear_rules();
  new_rest.mutable_spec()->clear_rules();
  AppendFieldDiff(old_rest, new_rest, "", lines);
}

// Calls VISIT with the object's message if it is a route.
template <typename Visit>
void IfRoute(const manifests::Object& object, Visit visit) {
  auto as = [&]<typename... Routes>() {
    auto one = [&](const auto* route) {
      if (route != nullptr) visit(*route);
    };
    (one(object.As<Routes>()), ...);
  };
  as.template operator()<api::HTTPRoute, api::GRPCRoute, api::TLSRoute, api::TCPRoute, api::UDPRoute>();
}

}  // namespace

std::vector<std::string> DescribeChange(const manifests::Object* before, const manifests::Object* after) {
  if (before == nullptr || after == nullptr) return DescribeRoute(before == nullptr ? after : before);
  std::vector<std::string> lines;
  if (before->message().GetDescriptor() != after->message().GetDescriptor()) return lines;
  bool is_route = false;
  IfRoute(*before, [&](const auto& route) {
    is_route = true;
    AppendRouteDiff(route, *after->As<std::remove_cvref_t<decltype(route)>>(), lines);
  });
  if (!is_route) AppendFieldDiff(before->message(), after->message(), "", lines);
  if (lines.size() > kMaxPlanLines) {
    size_t more = lines.size() - kMaxPlanLines;
    lines.resize(kMaxPlanLines);
    lines.push_back(Cat("and ", more, " more differences"));
  }
  return lines;
}

std::vector<std::string> DescribeRoute(const manifests::Object* object) {
  std::vector<std::string> lines;
  if (object == nullptr) return lines;
  IfRoute(*object, [&](const auto& route) {
    const auto& rules = route.spec().rules();
    for (int i = 0; i < rules.size() && lines.size() < kMaxPlanLines; ++i) {
      lines.push_back(Cat(RuleLabel(rules[i], i), ": ", RuleText(rules[i])));
    }
  });
  return lines;
}

}  // namespace penstock::translator
