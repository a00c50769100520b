#include "controlplane/translator/status.h"

#include <algorithm>

#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

void AddListenerStatus(const ListenerOutput& listener, int32_t attached, uint64_t generation,
                       api::GatewayStatus& status) {
  api::ListenerStatus& out = *status.add_listeners();
  out.set_name(listener.name);
  out.set_attached_routes(attached);
  if (listener.allows_http_routes) {
    api::RouteGroupKind& kind = *out.add_supported_kinds();
    kind.set_group(std::string(kGatewayGroup));
    kind.set_kind("HTTPRoute");
  }
  bool conflicted = listener.problem_reason.ends_with("Conflict");
  bool bad_kinds = listener.problem_reason == "InvalidRouteKinds";
  std::string_view reason = listener.problem_reason;
  auto add = [&](std::string_view type, bool value, std::string_view why, std::string_view message) {
    *out.add_conditions() = MakeCondition(type, value, why, message, generation);
  };
  bool accepted = listener.served || bad_kinds;
  add("Accepted", accepted, accepted ? "Accepted" : reason, accepted ? "" : std::string_view(listener.problem));
  add("Programmed", listener.served, listener.served ? "Programmed" : "Invalid",
      listener.served ? "" : std::string_view(listener.problem));
  add("ResolvedRefs", !bad_kinds, bad_kinds ? "InvalidRouteKinds" : "ResolvedRefs",
      bad_kinds ? std::string_view(listener.problem) : "");
  add("Conflicted", conflicted, conflicted ? reason : "NoConflicts",
      conflicted ? std::string_view(listener.problem) : "");
}

}  // namespace

api::Condition MakeCondition(std::string_view type, bool status, std::string_view reason, std::string_view message,
                             uint64_t generation) {
  api::Condition condition;
  condition.set_type(std::string(type));
  condition.set_status(status ? "True" : "False");
  condition.set_reason(std::string(reason));
  condition.set_message(std::string(message));
  condition.set_observed_generation(generation);
  return condition;
}

StatusPtr GatewayStatusOf(const Upsert& gateway, const GatewayOutput& output, const std::vector<int32_t>& attached) {
  auto result = std::make_shared<api::ObjectStatus>();
  api::GatewayStatus& status = *result->mutable_gateway();
  const api::GatewaySpec& spec = gateway.object->As<api::Gateway>()->spec();
  uint64_t generation = gateway.last_generation;
  auto served = [](const ListenerOutput& listener) { return listener.served; };
  bool all = std::all_of(output.listeners.begin(), output.listeners.end(), served);
  bool any = output.accepted && std::any_of(output.listeners.begin(), output.listeners.end(), served);
  std::string_view reason = output.accepted && !all ? "ListenersNotValid" : std::string_view(output.reason);
  *status.add_conditions() =
      MakeCondition("Accepted", any || (output.accepted && all), reason, output.message, generation);
  *status.add_conditions() = MakeCondition("Programmed", any, any ? "Programmed" : "Invalid",
                                           any ? "" : "no listener can be served", generation);
  if (any) *status.mutable_addresses() = spec.addresses();
  for (size_t i = 0; i < output.listeners.size(); ++i) {
    AddListenerStatus(output.listeners[i], attached[i], generation, status);
  }
  return result;
}

}  // namespace penstock::translator
