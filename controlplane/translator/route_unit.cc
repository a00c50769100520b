#include "controlplane/translator/route_unit.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/access.h"
#include "controlplane/translator/backend_tls.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/grpc.h"
#include "controlplane/translator/layer4.h"
#include "controlplane/translator/no_effect.h"
#include "controlplane/translator/outcome.h"
#include "controlplane/translator/parents.h"
#include "controlplane/translator/policies.h"
#include "controlplane/translator/resource.h"
#include "controlplane/translator/route_view.h"
#include "controlplane/translator/rules.h"
#include "controlplane/translator/settings.h"
#include "controlplane/translator/status.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;

int32_t ReadPriority(const manifests::Object& route, FindingSink& findings) {
  std::map<std::string, std::string> annotations = route.Annotations();
  auto found = annotations.find(std::string(kPriorityAnnotation));
  if (found == annotations.end()) return 0;
  int32_t priority = 0;
  if (!manifests::ReadNumber(std::string_view(found->second), priority)) {
    findings.Error(Cat("metadata.annotations[\"", kPriorityAnnotation, "\"]"), "E121",
                   Cat("\"", found->second, "\" is not a whole number"), "write a number such as \"10\"");
  }
  return priority;
}

// A Route serves listeners of one Gateway that all end TLS, or all pass it through: what connections to backends are
// made of depends on both.
struct Part {
  ObjectKey gateway;
  bool passthrough = false;

  bool Has(const Attachment& attachment) const {
    return attachment.gateway == gateway && attachment.passthrough == passthrough;
  }
};

// The parts of the attachments, in their order.
std::vector<Part> PartsOf(const std::vector<Attachment>& attachments) {
  std::vector<Part> parts;
  for (const Attachment& attachment : attachments) {
    bool known = std::any_of(parts.begin(), parts.end(), [&](const Part& part) { return part.Has(attachment); });
    if (!known) parts.push_back({attachment.gateway, attachment.passthrough});
  }
  return parts;
}

// The first Gateway that parentRefs name, attached or not: its Route has the plain name, which must not move to another
// Gateway when the first one is taken away for a while.
bool IsFirstParent(const ObjectKey& gateway, const ObjectKey& route, const RouteView& view, Reader& reader) {
  return GatewayOfParent(ParentKey(view.parent_refs[0], route), reader) == gateway;
}

// The name of the Route that a route has for a part. TLSRoutes pass through unless it is said.
std::string NameFor(const Part& part, const manifests::Object& route, Reader& reader) {
  std::string name = RouteResourceName(route.key());
  if (route.key().kind == "TLSRoute" && !part.passthrough) name += kTerminateSuffix;
  bool first = IsFirstParent(part.gateway, route.key(), ViewOf(route), reader);
  return first ? name : Cat(name, '@', NamespacedName(part.gateway));
}

// The cluster that is meant by one of an object, in this part: bytes that are TLS get no other TLS around them, and a
// Gateway with a certificate for backends has connections of its own to those that have TLS.
std::string ClusterFor(const std::string& cluster, const Part& part, const GatewayOutput& gateway, Reader& reader) {
  if (cluster.empty() || (!part.passthrough && gateway.client_certificate.empty())) return cluster;
  ClusterId id = ClusterId::Parse(cluster);
  if (!HasTls(id, reader)) return cluster;
  if (part.passthrough) {
    id.variant = ClusterId::Variant::kPassthrough;
  } else {
    id.gateway = NamespacedName(part.gateway);
  }
  return id.ToString();
}

// The chains of one rule: one for all listeners of the part where they agree.
class RuleChains {
 public:
  RuleChains(const std::string& route, size_t rule, std::string gateway, Reader& reader, NoEffect& no_effect,
             RouteOutput& output)
      : route_(route),
        rule_(rule),
        gateway_(std::move(gateway)),
        reader_(reader),
        no_effect_(no_effect),
        output_(output) {}

  void Add(const Attachment& attachment, const ObjectKey& route, wire::RouteRule& rule) {
    ChainNeeds needs;
    ListenerPlace place{attachment.gateway, attachment.owner, attachment.listener};
    Access access = AccessOfRule(place, route, rule.name(), reader_);
    no_effect_.Check(access, Cat("spec.rules[", rule_, "]"));
    std::optional<wire::PolicyChain> chain = ChainOf(access, reader_, needs);
    for (std::string& secret : needs.secrets) output_.secrets.emplace_back(std::move(secret), gateway_);
    for (std::string& cluster : needs.clusters) output_.clusters.emplace_back(std::move(cluster), gateway_);
    std::string bytes = chain.has_value() ? chain->SerializeAsString() : "";
    bool first = !first_.has_value();
    if (first) first_ = bytes;
    if (!first && bytes == *first_) return;
    std::string listener = first ? "" : attachment.ResourceName();
    std::string name;
    if (chain.has_value()) name = Emit(*std::move(chain), listener);
    if (first) {
      rule.set_policy_chain(name);
    } else {
      (*rule.mutable_listener_policy_chains())[listener] = name;
    }
  }

 private:
  std::string Emit(wire::PolicyChain chain, std::string_view listener) {
    chain.set_name(RuleChainName(route_, rule_, listener));
    output_.resources.push_back(MakeResource(chain.name(), chain, {gateway_}));
    return chain.name();
  }

  const std::string& route_;
  const size_t rule_;
  const std::string gateway_;
  Reader& reader_;
  NoEffect& no_effect_;
  RouteOutput& output_;
  std::optional<std::string> first_;
};

// Routes without policies of their own run the chains of their listeners.
void AddChains(const ObjectKey& route, const Part& part, wire::Route& message, Reader& reader, NoEffect& no_effect,
               RouteOutput& output) {
  if (!HasAccessPolicies(route, reader)) return;
  for (int i = 0; i < message.rules_size(); ++i) {
    RuleChains chains(message.name(), static_cast<size_t>(i), NamespacedName(part.gateway), reader, no_effect, output);
    for (const Attachment& attachment : output.attachments) {
      if (part.Has(attachment)) chains.Add(attachment, route, *message.mutable_rules(i));
    }
  }
}

// `spec` is nullptr for layer 4. Notes the clusters that the Route needs.
ResourcePtr RouteResource(const Upsert& route, const Part& part, int32_t priority, const TranslatedRules& rules,
                          const api::HTTPRouteSpec* spec, Reader& reader, NoEffect& no_effect, RouteOutput& output) {
  const ObjectKey& key = route.object->key();
  wire::Route message;
  message.set_name(NameFor(part, *route.object, reader));
  message.set_priority(priority);
  message.set_first_generation(route.first_generation);
  for (const Attachment& attachment : output.attachments) {
    if (!part.Has(attachment)) continue;
    wire::RouteAttachment& to = *message.add_attachments();
    to.set_listener(attachment.ResourceName());
    for (const std::string& hostname : attachment.hostnames) to.add_hostnames(hostname);
  }
  *message.mutable_rules() = rules.rules;
  const GatewayOutput& gateway = *reader.Gateway(part.gateway);
  for (int i = 0; i < message.rules_size(); ++i) {
    wire::RouteRule& rule = *message.mutable_rules(i);
    if (rule.has_forward()) {
      api::TrafficPolicySpec traffic = EffectiveRouteTraffic(key, RulesOf(*spec)[i], gateway, reader);
      // Streams may last for hours, and a call says itself how long it may take (grpc-timeout).
      if (key.kind == "GRPCRoute" && traffic.timeouts().request().empty())
        traffic.mutable_timeouts()->set_request("0s");
      SetForwardSettings(traffic, *rule.mutable_forward());
    }
    ForEachCluster(rule, [&](std::string& cluster) {
      cluster = ClusterFor(cluster, part, gateway, reader);
      if (!cluster.empty()) output.clusters.emplace_back(cluster, NamespacedName(part.gateway));
    });
  }
  if (spec != nullptr) AddChains(key, part, message, reader, no_effect, output);
  return MakeResource(message.name(), message, {NamespacedName(part.gateway)});
}

// A route of layer 4 claims a listener, or its hosts there.
void AddLayer4Claims(const Upsert& route, int32_t priority, const TranslatedRules& rules, Reader& reader,
                     RouteOutput& output) {
  for (const Attachment& attachment : output.attachments) {
    auto add = [&](const std::string& hostname) {
      Claim claim{.minus_priority = -priority,
                  .first_generation = route.first_generation,
                  .route_name = NameFor({attachment.gateway, attachment.passthrough}, *route.object, reader),
                  .rule_name = rules.rules[0].name(),
                  .route = route.object->key(),
                  .place = Cat("listener \"", attachment.listener, "\" of ", attachment.owner.ToString())};
      if (!hostname.empty()) manifests::Append(claim.place, " for ", hostname);
      output.claims.emplace_back(Layer4Claim(attachment.ResourceName(), hostname),
                                 std::make_shared<const Claim>(std::move(claim)));
    };
    if (attachment.hostnames.empty()) add("");
    for (const std::string& hostname : attachment.hostnames) add(hostname);
  }
}

// Two matches with one of these texts compete for the same requests.
void AddClaims(const Upsert& route, int32_t priority, const TranslatedRules& rules, RouteOutput& output) {
  Claim claim{.minus_priority = -priority,
              .first_generation = route.first_generation,
              .route_name = RouteResourceName(route.object->key()),
              .rule_name = "",
              .route = route.object->key(),
              .place = ""};
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
        std::string where = attachment.ResourceName() + '\n';
        if (attachment.hostnames.empty()) output.claims.emplace_back(Cat(where, '\n', text), shared);
        for (const std::string& hostname : attachment.hostnames)
          output.claims.emplace_back(Cat(where, hostname, '\n', text), shared);
      }
    }
  }
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

// Which Listeners each parent of the status reaches.
std::vector<std::vector<std::string>> ReachedBy(const Attaching& attaching) {
  std::vector<std::vector<std::string>> reached;
  for (const ParentResult& parent : attaching.parents) {
    if (parent.ours) reached.push_back(parent.listeners);
  }
  return reached;
}

// Of a route that sees requests, as an HTTPRoute; nullptr for layer 4. `converted` holds what was not written so.
const api::HTTPRouteSpec* HttpSpecOf(const manifests::Object& route, FindingSink& findings,
                                     api::HTTPRouteSpec& converted) {
  if (const auto* http = route.As<api::HTTPRoute>()) return &http->spec();
  const auto* grpc = route.As<api::GRPCRoute>();
  if (grpc == nullptr) return nullptr;
  CheckMethods(grpc->spec(), findings);
  converted = AsHttpRoute(grpc->spec());
  return &converted;
}

}  // namespace

RouteOutput TranslateRoute(const Upsert& route, Reader& reader) {
  RouteOutput output;
  const ObjectKey& key = route.object->key();
  output.layer4 = IsLayer4(key.kind);
  FindingSink findings(*route.object, reader.allow_unresolved());
  Attaching attaching = AttachToParents(key, ViewOf(*route.object), reader, findings);
  output.attachments = std::move(attaching.attachments);
  output.reached = ReachedBy(attaching);
  api::HTTPRouteSpec converted;
  const api::HTTPRouteSpec* spec = HttpSpecOf(*route.object, findings, converted);
  TranslatedRules rules =
      spec == nullptr ? TranslateLayer4(*route.object, reader, findings) : TranslateRules(key, *spec, reader, findings);
  int32_t priority = ReadPriority(*route.object, findings);
  NoEffect no_effect(reader, findings);
  for (const Part& part : PartsOf(output.attachments)) {
    ResourcePtr resource = RouteResource(route, part, priority, rules, spec, reader, no_effect, output);
    output.resources.push_back(std::move(resource));
  }
  MakeUnique(output.clusters);
  MakeUnique(output.secrets);
  if (output.layer4) {
    AddLayer4Claims(route, priority, rules, reader, output);
  } else {
    AddClaims(route, priority, rules, output);
  }
  output.status = RouteStatusOf(route, attaching, rules.unresolved);
  output.findings = findings.Take();
  output.reads = reader.TakeReads();
  return output;
}

}  // namespace penstock::translator
