#include "controlplane/translator/check_unit.h"

#include <algorithm>
#include <utility>

#include "api/manifests/v1/addresslist.pb.h"
#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "api/manifests/v1/grpcroute.pb.h"
#include "api/manifests/v1/httproute.pb.h"
#include "api/manifests/v1/listenerset.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/access_check.h"
#include "controlplane/translator/access_wire.h"
#include "controlplane/translator/backend_check.h"
#include "controlplane/translator/client_policy_check.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/gateway_unit.h"
#include "controlplane/translator/identities.h"
#include "controlplane/translator/listener_sets.h"
#include "controlplane/translator/policies.h"
#include "controlplane/translator/policy_conflicts.h"
#include "controlplane/translator/settings.h"
#include "controlplane/translator/status.h"
#include "controlplane/translator/tls_policy_check.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

// What policies are about.
enum Side : uint8_t {
  kClientSide = 1,   // ClientPolicy
  kTrafficSide = 2,  // TrafficPolicy
  kAccessSide = 4,   // SecurityPolicy, RateLimitPolicy
};

// What a policy's target can be.
struct Target {
  std::string_view group;
  std::string_view kind;
  uint8_t sides;      // of the policies that may name it
  bool backend_side;  // the fields that count are those of a backend, else those of a route
};
constexpr Target kTargets[] = {
    {kGatewayGroup, "Gateway", kClientSide | kTrafficSide | kAccessSide, false},
    {kGatewayGroup, "ListenerSet", kClientSide | kAccessSide, false},
    {kGatewayGroup, "HTTPRoute", kTrafficSide | kAccessSide, false},
    {kGatewayGroup, "GRPCRoute", kTrafficSide | kAccessSide, false},
    {kPenstockGroup, "Backend", kTrafficSide, true},
    {"", "Service", kTrafficSide, true},
};

// The group may be left out: kinds are not ambiguous.
const Target* FindTarget(const api::PolicyTargetReference& ref, Side side) {
  for (const Target& target : kTargets) {
    bool group = ref.group().empty() || ref.group() == target.group;
    if (group && ref.kind() == target.kind && (target.sides & side) != 0) return &target;
  }
  return nullptr;
}

// "name a Gateway, ListenerSet, HTTPRoute or GRPCRoute"
std::string TargetsHint(Side side) {
  std::vector<std::string_view> kinds;
  for (const Target& target : kTargets) {
    if ((target.sides & side) != 0) kinds.push_back(target.kind);
  }
  std::string hint = "name a ";
  for (size_t i = 0; i < kinds.size(); ++i) {
    manifests::Append(hint, i == 0 ? "" : i + 1 == kinds.size() ? " or " : ", ", kinds[i]);
  }
  return hint;
}

bool HasSection(const manifests::Object& target, const std::string& section) {
  if (HasListeners(target.key())) {
    const auto& listeners = ListenersOf(target);
    return std::any_of(listeners.begin(), listeners.end(), [&](const api::Listener& l) { return l.name() == section; });
  }
  auto has_rule = [&](const auto& rules) {
    return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.name() == section; });
  };
  if (const auto* grpc = target.As<api::GRPCRoute>()) return has_rule(grpc->spec().rules());
  const api::HTTPRoute* http = target.As<api::HTTPRoute>();
  return http != nullptr && has_rule(http->spec().rules());
}

struct TargetVerdict {
  const api::PolicyTargetReference* ref = nullptr;
  const Target* target = nullptr;  // nullptr: none that policies of this kind can have
  bool accepted = false;
  std::string reason;
  std::string message;
  std::string conflict;  // not empty: fields that an older policy decides there

  void Refuse(std::string_view why, std::string text) {
    accepted = false;
    reason = why;
    message = std::move(text);
  }
};

TargetVerdict CheckTarget(const api::PolicyTargetReference& ref, Side side, const std::string& path,
                          const ObjectKey& policy, Reader& reader, FindingSink& findings) {
  TargetVerdict verdict;
  verdict.ref = &ref;
  verdict.target = FindTarget(ref, side);
  verdict.reason = "TargetNotFound";
  if (verdict.target == nullptr) {
    verdict.reason = "Invalid";
    verdict.message = Cat(policy.kind, " cannot be attached to ", ref.kind());
    findings.Error(path + ".kind", "E104", verdict.message, TargetsHint(side));
    return verdict;
  }
  ObjectKey key{std::string(verdict.target->group), std::string(verdict.target->kind), policy.ns, ref.name()};
  const Upsert* object = reader.Object(key);
  bool sections = key.kind == "HTTPRoute" || key.kind == "GRPCRoute" || (side != kTrafficSide && HasListeners(key));
  if (object == nullptr) {
    verdict.message = Cat(key.kind, " \"", key.name, "\" does not exist");
    findings.Unresolved(path + ".name", "E101", verdict.message, reader.StepForMissing(key.name, key.ns, {key.kind}));
  } else if (!ref.section_name().empty() && !sections) {
    verdict.reason = "Invalid";
    verdict.message = Cat(policy.kind, " applies to the whole ", key.kind);
    findings.Error(path + ".sectionName", "E105", verdict.message, "remove sectionName");
  } else if (!ref.section_name().empty() && !HasSection(*object->object, ref.section_name())) {
    verdict.message = Cat(key.ToString(), " has no ", HasListeners(key) ? "listener" : "rule", " called \"",
                          ref.section_name(), "\"");
    findings.Unresolved(path + ".sectionName", "E105", verdict.message,
                        "rules and listeners are named by their field `name`");
  } else {
    verdict.accepted = true;
    verdict.reason = "Accepted";
  }
  return verdict;
}

// Which fields count at which targets.
struct FieldPlace {
  std::string_view path;
  bool backend_side;
  bool (*is_set)(const api::TrafficPolicySpec& spec);
};
constexpr FieldPlace kPlaces[] = {
    {"spec.timeouts.request", false, [](const api::TrafficPolicySpec& s) { return !s.timeouts().request().empty(); }},
    {"spec.timeouts.backendRequest", false,
     [](const api::TrafficPolicySpec& s) { return !s.timeouts().backend_request().empty(); }},
    {"spec.retries", false, [](const api::TrafficPolicySpec& s) { return s.has_retries(); }},
    {"spec.upgrades", false, [](const api::TrafficPolicySpec& s) { return !s.upgrades().empty(); }},
    {"spec.timeouts.connect", true, [](const api::TrafficPolicySpec& s) { return !s.timeouts().connect().empty(); }},
    {"spec.timeouts.streamIdle", true,
     [](const api::TrafficPolicySpec& s) { return !s.timeouts().stream_idle().empty(); }},
    {"spec.connections", true, [](const api::TrafficPolicySpec& s) { return s.has_connections(); }},
    {"spec.responses", true, [](const api::TrafficPolicySpec& s) { return s.has_responses(); }},
};

void CheckPlaces(const api::TrafficPolicySpec& spec, const std::vector<TargetVerdict>& verdicts,
                 FindingSink& findings) {
  for (const TargetVerdict& verdict : verdicts) {
    if (verdict.target == nullptr) continue;
    for (const FieldPlace& place : kPlaces) {
      if (!place.is_set(spec) || place.backend_side == verdict.target->backend_side) continue;
      findings.Error(place.path, "E130", Cat("this has no effect on kind ", verdict.target->kind),
                     place.backend_side ? "put it into a TrafficPolicy of a Backend or Service"
                                        : "put it into a TrafficPolicy of a Gateway, HTTPRoute or GRPCRoute");
    }
  }
}

StatusPtr PolicyStatusOf(const std::vector<TargetVerdict>& verdicts, uint64_t generation) {
  auto result = std::make_shared<api::ObjectStatus>();
  for (const TargetVerdict& verdict : verdicts) {
    api::PolicyAncestorStatus& status = *result->mutable_policy()->add_ancestors();
    api::ParentReference& ref = *status.mutable_ancestor_ref();
    if (verdict.target != nullptr) ref.set_group(std::string(verdict.target->group));
    ref.set_kind(verdict.ref->kind());
    ref.set_name(verdict.ref->name());
    ref.set_section_name(verdict.ref->section_name());
    status.set_controller_name(std::string(kControllerName));
    *status.add_conditions() = MakeCondition("Accepted", verdict.accepted, verdict.reason, verdict.message, generation);
    // Present only where it is true, as Gateway API has it.
    if (verdict.conflict.empty()) continue;
    *status.add_conditions() = MakeCondition("Conflicted", true, "Conflicted", verdict.conflict, generation);
  }
  result->mutable_policy();
  return result;
}

// GEP-713: of policies that say the same the oldest decides. Where a policy decides nothing, it is not accepted.
void CheckConflict(const Upsert& policy, const std::string& path, Reader& reader, FindingSink& findings,
                   TargetVerdict& verdict) {
  ObjectKey target{std::string(verdict.target->group), std::string(verdict.target->kind), policy.object->key().ns,
                   verdict.ref->name()};
  std::optional<PolicyConflict> conflict = ConflictOf(policy, target, verdict.ref->section_name(), reader);
  if (!conflict.has_value()) return;
  verdict.conflict = conflict->ToString(target);
  findings.Warning(path, "W219", verdict.conflict, "merge the two policies, or remove the fields from one of them");
  if (conflict->decides_nothing) verdict.Refuse("Conflicted", verdict.conflict);
}

// `anonymous` beside a demand of another policy for the very same target.
void CheckAnonymous(const ObjectKey& policy, const api::SecurityPolicySpec& spec, Reader& reader, FindingSink& findings,
                    TargetVerdict& verdict) {
  ObjectKey target{std::string(verdict.target->group), std::string(verdict.target->kind), policy.ns,
                   verdict.ref->name()};
  const Upsert* demand = DemandOn(target, verdict.ref->section_name(), spec.override(), reader);
  if (!spec.anonymous() || demand == nullptr) return;
  std::string text = Cat("anonymous has no effect at ", target.ToString(), ", where ", demand->object->key().ToString(),
                         " asks for a proof");
  findings.Warning(
      "spec.anonymous", "W220", text,
      "remove it, or remove the demand there; to read what clients prove and ask nobody for it, write both "
      "into one policy");
  manifests::Append(verdict.conflict, verdict.conflict.empty() ? "" : "; ", text);
}

template <typename Spec>
void CheckPolicy(const Upsert& upsert, const Spec& spec, Side side, Reader& reader, FindingSink& findings,
                 CheckOutput& output) {
  std::vector<TargetVerdict> verdicts;
  for (int i = 0; i < spec.target_refs_size(); ++i) {
    std::string path = Cat("spec.targetRefs[", i, "]");
    verdicts.push_back(CheckTarget(spec.target_refs(i), side, path, upsert.object->key(), reader, findings));
    bool accepted = verdicts.back().accepted;
    if (accepted) CheckConflict(upsert, path, reader, findings, verdicts.back());
    if constexpr (std::is_same_v<Spec, api::SecurityPolicySpec>) {
      if (accepted) CheckAnonymous(upsert.object->key(), spec, reader, findings, verdicts.back());
    }
    if (spec.override() && verdicts.back().target != nullptr && verdicts.back().target->kind != "Gateway") {
      findings.Error("spec.override", "E130",
                     Cat("only a policy on a Gateway can override; this one is on kind ", spec.target_refs(i).kind()),
                     "remove override, or attach the policy to the Gateway");
    }
  }
  if constexpr (std::is_same_v<Spec, api::TrafficPolicySpec>) {
    CheckPlaces(spec, verdicts, findings);
    CheckTimeouts(spec.timeouts().request(), spec.timeouts().backend_request(), "spec.timeouts", findings);
  }
  output.status = PolicyStatusOf(verdicts, upsert.last_generation);
}

StatusPtr ClassStatus(uint64_t generation) {
  auto result = std::make_shared<api::ObjectStatus>();
  *result->mutable_gateway_class()->add_conditions() = MakeCondition("Accepted", true, "Accepted", "", generation);
  return result;
}

}  // namespace

bool HasChecks(const ObjectKey& key) {
  constexpr std::string_view kKinds[] = {
      "ClientPolicy", "TrafficPolicy", "SecurityPolicy", "RateLimitPolicy", "Backend", "BackendTLSPolicy", "Service",
      "GatewayClass", "ListenerSet",   "Revocation",     "Consumer",        "ApiKey",  "AddressList"};
  return std::find(std::begin(kKinds), std::end(kKinds), key.kind) != std::end(kKinds);
}

CheckOutput CheckObject(const Upsert& upsert, Reader& reader) {
  CheckOutput output;
  const manifests::Object& object = *upsert.object;
  FindingSink findings(object, reader.allow_unresolved());
  if (const auto* client = object.As<api::ClientPolicy>()) {
    CheckPolicy(upsert, client->spec(), kClientSide, reader, findings, output);
    CheckClientPolicy(client->spec(), object.key(), reader, findings);
  } else if (const auto* traffic = object.As<api::TrafficPolicy>()) {
    CheckPolicy(upsert, traffic->spec(), kTrafficSide, reader, findings, output);
  } else if (const auto* security = object.As<api::SecurityPolicy>()) {
    CheckPolicy(upsert, security->spec(), kAccessSide, reader, findings, output);
    CheckSecurityPolicy(security->spec(), object.key(), reader, findings);
  } else if (const auto* revocation = object.As<api::Revocation>()) {
    TranslateRevocation(object.key(), revocation->spec(), reader, findings, output.resources);
  } else if (const auto* list = object.As<api::AddressList>()) {
    output.resources.push_back(AddressListResource(object.key(), list->spec()));
  } else if (const auto* consumer = object.As<api::Consumer>()) {
    TranslateConsumer(object.key(), consumer->spec(), reader, findings, output.resources);
  } else if (const auto* key = object.As<api::ApiKey>()) {
    TranslateApiKey(object.key(), key->spec(), reader, findings, output.resources);
  } else if (const auto* limits = object.As<api::RateLimitPolicy>()) {
    CheckPolicy(upsert, limits->spec(), kAccessSide, reader, findings, output);
    CheckRateLimitPolicy(limits->spec(), object.key(), reader, findings);
  } else if (object.As<api::BackendTLSPolicy>() != nullptr) {
    CheckBackendTlsPolicy(upsert, reader, findings, output);
  } else if (object.As<api::Backend>() != nullptr) {
    CheckBackend(object, reader, findings);
  } else if (object.As<api::ListenerSet>() != nullptr) {
    CheckListenerSet(object, reader, findings);
  } else if (const auto* service = object.As<api::Service>()) {
    CheckService(service->spec(), findings);
  } else if (const auto* gateway_class = object.As<api::GatewayClass>()) {
    if (IsOurClass(gateway_class, object.key().name)) output.status = ClassStatus(upsert.last_generation);
  }
  output.findings = findings.Take();
  output.reads = reader.TakeReads();
  return output;
}

}  // namespace penstock::translator
