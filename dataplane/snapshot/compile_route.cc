#include <algorithm>
#include <set>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/compile_resources.h"
#include "dataplane/snapshot/values.h"

namespace penstock::snapshot {
namespace {

std::vector<CompiledAttachment> CompileAttachments(const xds::v1::Route& route, ProblemSink& problems) {
  std::vector<CompiledAttachment> result;
  std::set<std::pair<std::string, std::string>> seen;
  for (int i = 0; i < route.attachments_size(); ++i) {
    const xds::v1::RouteAttachment& from = route.attachments(i);
    Field field("attachments", i);
    CompiledAttachment attachment;
    attachment.listener = from.listener();
    attachment.hostnames.assign(from.hostnames().begin(), from.hostnames().end());
    for (int h = 0; h < from.hostnames_size(); ++h) {
      CheckHostname(from.hostnames(h), Wildcard::kAllowed, Field(field, "hostnames", h), problems);
    }
    if (attachment.hostnames.empty()) attachment.hostnames.emplace_back();
    for (const std::string& host : attachment.hostnames) {
      if (seen.insert({attachment.listener, host}).second) continue;
      problems.Add("E202", field, StrCat("listener \"", attachment.listener, "\" and host \"", host, "\" twice"));
    }
    result.push_back(std::move(attachment));
  }
  return result;
}

bool ReplacesPrefix(const CompiledRule& rule) {
  bool result = rule.filters.rewrite && std::holds_alternative<ReplacePrefix>(rule.filters.rewrite->path);
  if (const auto* redirect = std::get_if<Redirect>(&rule.action)) {
    result = result || std::holds_alternative<ReplacePrefix>(redirect->path);
  }
  if (const auto* forward = std::get_if<Forward>(&rule.action)) {
    for (const WeightedCluster& cluster : forward->clusters) {
      const std::optional<UrlRewrite>& rewrite = cluster.filters.rewrite;
      result = result || (rewrite && std::holds_alternative<ReplacePrefix>(rewrite->path));
    }
  }
  return result;
}

// What the parts of a rule say about each other.
void CheckRule(const CompiledRule& rule, const Field& field, ProblemSink& problems) {
  bool plain =
      rule.filters.empty() && rule.policy_chain.empty() && rule.listener_chains.empty() && rule.matches.size() == 1;
  if (std::holds_alternative<Tunnel>(rule.action) && !plain) {
    problems.Add("E205", field, "a tunnel sees no requests: it has no matches, filters or policies");
  }
  if (rule.filters.rewrite && std::holds_alternative<Redirect>(rule.action)) {
    problems.Add("E205", field, "a redirect and a URL rewrite in one rule", "put the host and path into the redirect");
  }
  if (!ReplacesPrefix(rule)) return;
  for (const router::Match& match : rule.matches) {
    if (match.path.kind() == router::PathPattern::Kind::kPrefix) continue;
    problems.Add("E205", field, StrCat("a prefix is replaced, but a match is ", match.path.DebugString()),
                 "every match of the rule must be a PathPrefix");
    return;
  }
}

CompiledRule CompileRule(const xds::v1::RouteRule& rule, const Field& field, ProblemSink& problems) {
  CompiledRule result;
  result.name = rule.name();
  if (static_cast<size_t>(rule.matches_size()) > kMaxMatchesPerRule) {
    problems.Add("E210", Field(field, "matches"), StrCat("at most ", kMaxMatchesPerRule, " matches are allowed"));
    return result;
  }
  result.matches.reserve(rule.matches_size() == 0 ? 1 : rule.matches_size());
  for (int i = 0; i < rule.matches_size(); ++i) {
    result.matches.push_back(CompileMatch(rule.matches(i), Field(field, "matches", i), problems));
  }
  if (rule.matches_size() == 0) result.matches.emplace_back();
  result.filters = CompileFilters(rule.filters(), field, problems);
  result.action = CompileAction(rule, field, problems);
  result.policy_chain = rule.policy_chain();
  for (const auto& [listener, chain] : rule.listener_policy_chains())
    result.listener_chains.emplace_back(listener, chain);
  std::sort(result.listener_chains.begin(), result.listener_chains.end());
  CheckRule(result, field, problems);
  return result;
}

}  // namespace

Shared<CompiledRoute> CompileRoute(const xds::v1::Route& route, ProblemSink& problems) {
  auto result = std::make_shared<CompiledRoute>();
  result->name = route.name();
  result->priority = route.priority();
  result->first_generation = route.first_generation();
  result->attachments = CompileAttachments(route, problems);
  if (static_cast<size_t>(route.rules_size()) > kMaxRulesPerRoute) {
    problems.Add("E210", Field("rules"), StrCat("at most ", kMaxRulesPerRoute, " rules are allowed"));
    return result;
  }
  result->rules.reserve(route.rules_size());
  for (int i = 0; i < route.rules_size(); ++i) {
    result->rules.push_back(CompileRule(route.rules(i), Field("rules", i), problems));
  }
  bool tunnels = std::any_of(result->rules.begin(), result->rules.end(),
                             [](const CompiledRule& rule) { return std::holds_alternative<Tunnel>(rule.action); });
  if (tunnels && result->rules.size() > 1) {
    problems.Add("E205", Field("rules"), "a route of layer 4 has one rule");
  }
  // Only now is everything where it stays.
  for (size_t r = 0; r < result->rules.size(); ++r) {
    for (size_t m = 0; m < result->rules[r].matches.size(); ++m) {
      router::Match& match = result->rules[r].matches[m];
      match.route = result.get();
      match.rule = static_cast<uint16_t>(r);
      match.index = static_cast<uint16_t>(m);
    }
  }
  return result;
}

}  // namespace penstock::snapshot
