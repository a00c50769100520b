#include "controlplane/translator/route_unit.h"

#include <algorithm>
#include <map>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/parents.h"
#include "controlplane/translator/policies.h"
#include "controlplane/translator/resource.h"
#include "controlplane/translator/rules.h"
#include "controlplane/translator/settings.h"
#include "controlplane/translator/status.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;

int32_t ReadPriority(const manifests::Object& route, FindingSink& findings) {
  const auto& annotations = route.As<api::HTTPRoute>()->metadata().annotations();
  auto found = annotations.find(std::string(kPriorityAnnotation));
  if (found == annotations.end()) return 0;
  int32_t priority = 0;
  if (!manifests::ReadNumber(std::string_view(found->second), priority)) {
    findings.Error(Cat("metadata.annotations[\"", kPriorityAnnotation, "\"]"), "E121",
                   Cat("\"", found->second, "\" is not a whole number"), "write a number such as \"10\"");
  }
  return priority;
}

// The Gateways of the attachments, in their order.
std::vector<ObjectKey> GatewaysOf(const std::vector<Attachment>& attachments) {
  std::vector<ObjectKey> gateways;
  for (const Attachment& attachment : attachments) {
    if (std::find(gateways.begin(), gateways.end(), attachment.gateway) == gateways.end())
      gateways.push_back(attachment.gateway);
  }
  return gateways;
}

// The first Gateway that parentRefs name, attached or not: its Route has the plain name, which must not move to another
// Gateway when the first one is taken away for a while.
bool IsFirstParent(const ObjectKey& gateway, const ObjectKey& route, const api::HTTPRouteSpec& spec) {
  const api::ParentReference& first = spec.parent_refs(0);
  return gateway == GatewayKey(first.namespace_().empty() ? route.ns : first.namespace_(), first.name());
}

ResourcePtr RouteResource(const Upsert& route, const ObjectKey& gateway, int32_t priority, const RouteOutput& output,
                          const TranslatedRules& rules, Reader& reader) {
  const ObjectKey& key = route.object->key();
  const api::HTTPRouteSpec& spec = route.object->As<api::HTTPRoute>()->spec();
  wire::Route message;
  message.set_name(NamespacedName(key));
  if (!IsFirstParent(gateway, key, spec)) message.set_name(Cat(message.name(), '@', NamespacedName(gateway)));
  message.set_priority(priority);
  message.set_first_generation(route.first_generation);
  for (const Attachment& attachment : output.attachments) {
    if (attachment.gateway != gateway) continue;
    wire::RouteAttachment& to = *message.add_attachments();
    to.set_listener(Cat(NamespacedName(gateway), '/', attachment.listener));
    for (const std::string& hostname : attachment.hostnames) to.add_hostnames(hostname);
  }
  *message.mutable_rules() = rules.rules;
  const GatewayOutput& gateway_output = *reader.Gateway(gateway);
  for (int i = 0; i < message.rules_size(); ++i) {
    if (!message.rules(i).has_forward()) continue;
    api::TrafficPolicySpec traffic = EffectiveRouteTraffic(key, RulesOf(spec)[i], gateway_output, reader);
    SetForwardSettings(traffic, *message.mutable_rules(i)->mutable_forward());
  }
  return MakeResource(message.name(), message, {NamespacedName(gateway)});
}

// Two matches with one of these texts compete for the same requests.
void AddClaims(const Upsert& route, int32_t priority, const TranslatedRules& rules, RouteOutput& output) {
  Claim claim{.minus_priority = -priority,
              .first_generation = route.first_generation,
              .route_name = NamespacedName(route.object->key()),
              .rule_name = "",
              .route = route.object->key()};
  static const wire::RouteMatch kEverything;
  for (int r = 0; r < rules.rules.size(); ++r) {
    claim.rule = static_cast<size_t>(r);
    claim.rule_name = rules.rules[r].name();
    int matches = std::max(rules.rules[r].matches_size(), 1);
    for (int m = 0; m < matches; ++m) {
      claim.match = static_cast<size_t>(m);
      std::string text = MatchText(rules.rules[r].matches().empty() ? kEverything : rules.rules[r].matches(m));
      auto shared = std::make_shared<const Claim>(claim);
      for (const Attachment& attachment : output.attachments) {
        std::string where = Cat(NamespacedName(attachment.gateway), '/', attachment.listener, '\n');
        if (attachment.hostnames.empty()) output.claims.emplace_back(Cat(where, '\n', text), shared);
        for (const std::string& hostname : attachment.hostnames)
          output.claims.emplace_back(Cat(where, hostname, '\n', text), shared);
      }
    }
  }
}

void AddUses(const std::vector<ObjectKey>& gateways, const TranslatedRules& rules, RouteOutput& output) {
  for (const std::string& cluster : rules.clusters) {
    for (const ObjectKey& gateway : gateways) output.uses.emplace_back(cluster, NamespacedName(gateway));
  }
  std::sort(output.uses.begin(), output.uses.end());
  output.uses.erase(std::unique(output.uses.begin(), output.uses.end()), output.uses.end());
}

// Names every reference that leads nowhere, each problem once. The reason is that of the first: a condition has one.
api::Condition ResolvedRefs(const std::vector<ResolvedBackend>& unresolved, uint64_t generation) {
  constexpr size_t kMaxNamed = 8;
  if (unresolved.empty()) return MakeCondition("ResolvedRefs", true, "ResolvedRefs", "", generation);
  std::vector<std::string> problems;
  for (const ResolvedBackend& backend : unresolved) {
    if (std::find(problems.begin(), problems.end(), backend.problem) == problems.end())
      problems.push_back(backend.problem);
  }
  std::string message;
  for (size_t i = 0; i < std::min(problems.size(), kMaxNamed); ++i)
    manifests::Append(message, i == 0 ? "" : "; ", problems[i]);
  if (problems.size() > kMaxNamed) manifests::Append(message, "; and ", problems.size() - kMaxNamed, " more");
  return MakeCondition("ResolvedRefs", false, unresolved[0].reason, message, generation);
}

StatusPtr RouteStatusOf(const Upsert& route, const Attaching& attaching,
                        const std::vector<ResolvedBackend>& unresolved) {
  auto result = std::make_shared<api::ObjectStatus>();
  uint64_t generation = route.last_generation;
  for (const ParentResult& parent : attaching.parents) {
    if (!parent.ours) continue;
    api::RouteParentStatus& status = *result->mutable_route()->add_parents();
    *status.mutable_parent_ref() = *parent.ref;
    status.set_controller_name(std::string(kControllerName));
    *status.add_conditions() = MakeCondition("Accepted", parent.accepted, parent.reason, parent.message, generation);
    *status.add_conditions() = ResolvedRefs(unresolved, generation);
  }
  result->mutable_route();
  return result;
}

}  // namespace

RouteOutput TranslateRoute(const Upsert& route, Reader& reader) {
  RouteOutput output;
  const ObjectKey& key = route.object->key();
  const api::HTTPRouteSpec& spec = route.object->As<api::HTTPRoute>()->spec();
  FindingSink findings(*route.object, reader.allow_unresolved());
  Attaching attaching = AttachToParents(key, spec, reader, findings);
  output.attachments = std::move(attaching.attachments);
  TranslatedRules rules = TranslateRules(key, spec, reader, findings);
  int32_t priority = ReadPriority(*route.object, findings);
  std::vector<ObjectKey> gateways = GatewaysOf(output.attachments);
  for (const ObjectKey& gateway : gateways) {
    output.resources.push_back(RouteResource(route, gateway, priority, output, rules, reader));
  }
  AddUses(gateways, rules, output);
  AddClaims(route, priority, rules, output);
  output.status = RouteStatusOf(route, attaching, rules.unresolved);
  output.findings = findings.Take();
  output.reads = reader.TakeReads();
  return output;
}

}  // namespace penstock::translator
