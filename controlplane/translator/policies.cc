#include "controlplane/translator/policies.h"

#include <algorithm>

#include "controlplane/translator/values.h"

namespace penstock::translator {

bool RefersTo(const google::protobuf::RepeatedPtrField<api::PolicyTargetReference>& refs, const ObjectKey& target,
              std::string_view section) {
  return std::any_of(refs.begin(), refs.end(), [&](const api::PolicyTargetReference& ref) {
    return ref.kind() == target.kind && ref.name() == target.name && ref.section_name() == section;
  });
}

bool Demands(const api::SecurityPolicySpec& spec) {
  return spec.has_jwt() || spec.has_basic() || spec.has_api_key() || spec.has_client_certificate() ||
         spec.has_require();
}

const Upsert* DemandOn(const ObjectKey& target, std::string_view section, bool override, Reader& reader) {
  for (const Upsert* upsert : reader.PoliciesOn(target)) {
    const auto* policy = upsert->object->As<api::SecurityPolicy>();
    if (policy == nullptr || policy->spec().override() != override) continue;
    bool demands = Demands(policy->spec()) && !policy->spec().anonymous();
    if (demands && RefersTo(policy->spec().target_refs(), target, section)) return upsert;
  }
  return nullptr;
}

namespace {

enum class Which { kOverrides, kOrdinary };

// Adds under `spec` the policies of one kind whose targetRefs name exactly this target.
template <typename Policy, typename Spec>
void FillFrom(const ObjectKey& target, std::string_view section, Which which, Reader& reader, Spec& spec) {
  for (const Upsert* upsert : reader.PoliciesOn(target)) {
    const Policy* policy = upsert->object->As<Policy>();
    if (policy == nullptr || policy->spec().override() != (which == Which::kOverrides)) continue;
    if (RefersTo(policy->spec().target_refs(), target, section)) FillUnset(spec, policy->spec());
  }
}

}  // namespace

api::ClientPolicySpec EffectiveClientPolicy(const ObjectKey& gateway, const ObjectKey& owner, std::string_view listener,
                                            Reader& reader) {
  api::ClientPolicySpec spec;
  FillFrom<api::ClientPolicy>(gateway, "", Which::kOverrides, reader, spec);
  FillFrom<api::ClientPolicy>(owner, listener, Which::kOverrides, reader, spec);
  FillFrom<api::ClientPolicy>(owner, listener, Which::kOrdinary, reader, spec);
  if (owner != gateway) FillFrom<api::ClientPolicy>(owner, "", Which::kOrdinary, reader, spec);
  FillFrom<api::ClientPolicy>(gateway, "", Which::kOrdinary, reader, spec);
  return spec;
}

void ReadGatewayTraffic(const ObjectKey& gateway, Reader& reader, GatewayOutput& output) {
  FillFrom<api::TrafficPolicy>(gateway, "", Which::kOverrides, reader, output.traffic_override);
  FillFrom<api::TrafficPolicy>(gateway, "", Which::kOrdinary, reader, output.traffic);
  for (api::TrafficPolicySpec* spec : {&output.traffic_override, &output.traffic}) {
    spec->clear_target_refs();
    spec->clear_override();
  }
}

api::TrafficPolicySpec EffectiveRouteTraffic(const ObjectKey& route, const api::HTTPRouteRule& rule,
                                             const GatewayOutput& gateway, Reader& reader) {
  api::TrafficPolicySpec spec = gateway.traffic_override;
  api::TrafficPolicySpec own;
  own.mutable_timeouts()->set_request(rule.timeouts().request());
  own.mutable_timeouts()->set_backend_request(rule.timeouts().backend_request());
  FillUnset(spec, own);
  for (Which which : {Which::kOverrides, Which::kOrdinary}) {
    if (!rule.name().empty()) FillFrom<api::TrafficPolicy>(route, rule.name(), which, reader, spec);
    FillFrom<api::TrafficPolicy>(route, "", which, reader, spec);
  }
  FillUnset(spec, gateway.traffic);
  return spec;
}

api::TrafficPolicySpec EffectiveBackendTraffic(const ObjectKey& backend, Reader& reader) {
  api::TrafficPolicySpec spec;
  FillFrom<api::TrafficPolicy>(backend, "", Which::kOverrides, reader, spec);
  FillFrom<api::TrafficPolicy>(backend, "", Which::kOrdinary, reader, spec);
  return spec;
}

}  // namespace penstock::translator
