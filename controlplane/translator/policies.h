// Which fields of which policies count where: the closest policy decides, field by field; among equally close ones the
// oldest.
#pragma once

#include <string_view>

#include "api/manifests/v1/httproute.pb.h"
#include "api/manifests/v1/securitypolicy.pb.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// Does one of the targetRefs name exactly this target, in the policy's namespace?
bool RefersTo(const google::protobuf::RepeatedPtrField<api::PolicyTargetReference>& refs, const ObjectKey& target,
              std::string_view section);

// Whether a policy says what must be proven.
bool Demands(const api::SecurityPolicySpec& spec);

// The oldest SecurityPolicy for exactly this target that demands a proof and is not anonymous itself; nullptr: none. It
// closes the place to those who prove nothing, whatever equally close policies say, older or not: two policies whose
// authors do not know of each other must not open what one of them closes.
const Upsert* DemandOn(const ObjectKey& target, std::string_view section, bool override, Reader& reader);

// Of one listener, written in `owner` (the Gateway, or a ListenerSet of it): overrides of the Gateway, then policies on
// the listener, on the ListenerSet, on the Gateway.
api::ClientPolicySpec EffectiveClientPolicy(const ObjectKey& gateway, const ObjectKey& owner, std::string_view listener,
                                            Reader& reader);

// Fills in `traffic` and `traffic_override`.
void ReadGatewayTraffic(const ObjectKey& gateway, Reader& reader, GatewayOutput& output);

// Of one rule: overrides of the Gateway, the rule's own timeouts, then policies on the rule, on the route, on the
// Gateway.
api::TrafficPolicySpec EffectiveRouteTraffic(const ObjectKey& route, const api::HTTPRouteRule& rule,
                                             const GatewayOutput& gateway, Reader& reader);

// Of a Backend or Service.
api::TrafficPolicySpec EffectiveBackendTraffic(const ObjectKey& backend, Reader& reader);

}  // namespace penstock::translator
