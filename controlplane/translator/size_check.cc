#include "controlplane/translator/size_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/listener_sets.h"
#include "controlplane/translator/parents.h"
#include "controlplane/translator/policies.h"
#include "controlplane/translator/route_view.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

// A bound of the policy, and what the listeners say instead.
struct Bound {
  std::string_view path;
  std::string_view field;  // of the ClientPolicy
  std::optional<int64_t> (*of_policy)(const api::RateLimitPolicySpec& spec);
  std::optional<int64_t> (*of_listener)(const api::ClientLimits& limits);  // nullopt: none
};

// Defaults: api/manifests/v1/clientpolicy.proto.
constexpr Bound kBounds[] = {
    {"spec.maxRequestBodyBytes", "limits.requestBodyBytes",
     [](const api::RateLimitPolicySpec& s) {
       return s.has_max_request_body_bytes() ? std::optional<int64_t>(s.max_request_body_bytes()) : std::nullopt;
     },
     [](const api::ClientLimits& l) {
       return l.has_request_body_bytes() ? std::optional<int64_t>(l.request_body_bytes()) : std::nullopt;
     }},
    {"spec.maxHeaderBytes", "limits.headerBytes",
     [](const api::RateLimitPolicySpec& s) {
       return s.has_max_header_bytes() ? std::optional<int64_t>(s.max_header_bytes()) : std::nullopt;
     },
     [](const api::ClientLimits& l) {
       return std::optional<int64_t>(l.has_header_bytes() ? l.header_bytes() : 61'440);
     }},
    {"spec.maxHeaderCount", "limits.headerCount",
     [](const api::RateLimitPolicySpec& s) {
       return s.has_max_header_count() ? std::optional<int64_t>(s.max_header_count()) : std::nullopt;
     },
     [](const api::ClientLimits& l) { return std::optional<int64_t>(l.has_header_count() ? l.header_count() : 100); }},
};

// A listener: its Gateway, who holds it, its name.
struct Place {
  ObjectKey gateway;
  ObjectKey owner;
  std::string name;
};

std::vector<Place> PlacesOnGateway(const ObjectKey& target, std::string_view section, Reader& reader) {
  std::vector<Place> places;
  ObjectKey gateway = target;
  if (target.kind == "ListenerSet") {
    const Upsert* set = reader.Object(target);
    if (set == nullptr) return places;
    gateway = ParentOf(*set->object);
  }
  const GatewayOutput* output = reader.Gateway(gateway);
  if (output == nullptr || !output->ours) return places;
  for (const ListenerOutput& listener : output->listeners) {
    // A policy on a Gateway is one on its ListenerSets, too.
    bool of_target = listener.owner == target || (gateway == target && section.empty());
    bool named = section.empty() || section == listener.name;
    if (of_target && named && listener.transport != Transport::kTcp && listener.transport != Transport::kUdp)
      places.push_back({gateway, listener.owner, listener.name});
  }
  return places;
}

std::vector<Place> PlacesOfRoute(const ObjectKey& route, Reader& reader) {
  std::vector<Place> places;
  const Upsert* upsert = reader.Object(route);
  if (upsert == nullptr) return places;
  FindingSink told_there(*upsert->object, true);
  for (Attachment& a : AttachToParents(route, ViewOf(*upsert->object), reader, told_there).attachments)
    places.push_back({std::move(a.gateway), std::move(a.owner), std::move(a.listener)});
  return places;
}

std::vector<Place> PlacesOf(const api::PolicyTargetReference& ref, const ObjectKey& policy, Reader& reader) {
  if (ref.kind() == "Gateway") return PlacesOnGateway(GatewayKey(policy.ns, ref.name()), ref.section_name(), reader);
  if (ref.kind() == "ListenerSet")
    return PlacesOnGateway(ListenerSetKey(policy.ns, ref.name()), ref.section_name(), reader);
  if (ref.kind() == "HTTPRoute" || ref.kind() == "GRPCRoute")
    return PlacesOfRoute(RouteKey(ref.kind(), policy.ns, ref.name()), reader);
  return {};
}

}  // namespace

void CheckSizes(const api::RateLimitPolicySpec& spec, const ObjectKey& policy, Reader& reader, FindingSink& findings) {
  auto said = [&](const Bound& bound) { return bound.of_policy(spec).has_value(); };
  if (std::none_of(std::begin(kBounds), std::end(kBounds), said)) return;
  std::vector<api::ClientLimits> limits;
  for (const api::PolicyTargetReference& ref : spec.target_refs()) {
    for (const Place& place : PlacesOf(ref, policy, reader))
      limits.push_back(EffectiveClientPolicy(place.gateway, place.owner, place.name, reader).limits());
  }
  for (const Bound& bound : kBounds) {
    std::optional<int64_t> own = bound.of_policy(spec);
    if (!own.has_value() || limits.empty()) continue;
    std::optional<int64_t> largest = 0;
    for (const api::ClientLimits& listener : limits) {
      std::optional<int64_t> theirs = bound.of_listener(listener);
      largest = theirs.has_value() && largest.has_value() ? std::max(theirs, largest) : std::nullopt;
    }
    if (!largest.has_value() || *own <= *largest) continue;
    findings.Warning(bound.path, "W218", Cat("no listener lets more than ", *largest, " through to this bound"),
                     Cat("write a smaller one, or raise ", bound.field, " in a ClientPolicy of the listener"));
  }
}

}  // namespace penstock::translator
