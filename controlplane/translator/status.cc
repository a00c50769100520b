#include "controlplane/translator/status.h"

#include <algorithm>

#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

// The first of some troubles.
const Trouble& FirstOf(std::initializer_list<const Trouble*> troubles) {
  static const Trouble kNone;
  for (const Trouble* trouble : troubles) {
    if (!trouble->none()) return *trouble;
  }
  return kNone;
}

void SetListenerStatus(const ListenerOutput& listener, int32_t attached, uint64_t generation,
                       api::ListenerStatus& out) {
  out.set_name(listener.name);
  out.set_attached_routes(attached);
  for (std::string_view kind : listener.kinds) {
    api::RouteGroupKind& supported = *out.add_supported_kinds();
    supported.set_group(std::string(kGatewayGroup));
    supported.set_kind(std::string(kind));
  }
  auto add = [&](std::string_view type, bool value, std::string_view why, std::string_view message) {
    *out.add_conditions() = MakeCondition(type, value, why, message, generation);
  };
  const Trouble& refused = FirstOf({&listener.accepted, &listener.conflict});
  add("Accepted", refused.none(), refused.none() ? "Accepted" : std::string_view(refused.reason), refused.message);
  const Trouble& why = FirstOf({&listener.accepted, &listener.conflict, &listener.refs});
  add("Programmed", listener.served, listener.served ? "Programmed" : "Invalid",
      listener.served ? std::string_view() : std::string_view(why.message));
  const Trouble& refs = listener.refs;
  add("ResolvedRefs", refs.none(), refs.none() ? "ResolvedRefs" : std::string_view(refs.reason), refs.message);
  const Trouble& conflict = listener.conflict;
  add("Conflicted", !conflict.none(), conflict.none() ? "NoConflicts" : std::string_view(conflict.reason),
      conflict.message);
  // Gateway API: present only where it is true.
  if (!listener.overlap.empty()) add("OverlappingTLSConfig", true, "OverlappingHostnames", listener.overlap);
}

bool IsServed(const ListenerOutput& listener) { return listener.served; }

// Is any of its listeners served?
bool IsAccepted(const ListenerSetOutput& set, const GatewayOutput& gateway) {
  return set.accepted.none() && gateway.accepted &&
         std::any_of(gateway.listeners.begin(), gateway.listeners.end(),
                     [&](const ListenerOutput& listener) { return listener.owner == set.key && listener.served; });
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
  bool any = output.accepted && std::any_of(output.listeners.begin(), output.listeners.end(), IsServed);
  bool all = true;
  Trouble refs = output.refs;
  for (size_t i = 0; i < output.listeners.size(); ++i) {
    const ListenerOutput& listener = output.listeners[i];
    if (listener.owner != gateway.object->key()) continue;
    SetListenerStatus(listener, attached[i], generation, *status.add_listeners());
    all = all && listener.served;
    if (refs.none() && !listener.refs.none())
      refs = {"ListenersNotResolved", manifests::Cat("listener \"", listener.name, "\": ", listener.refs.message)};
  }
  std::string_view reason = output.accepted && !all ? "ListenersNotValid" : std::string_view(output.reason);
  *status.add_conditions() =
      MakeCondition("Accepted", any || (output.accepted && all), reason, output.message, generation);
  *status.add_conditions() = MakeCondition("Programmed", any, any ? "Programmed" : "Invalid",
                                           any ? "" : "no listener can be served", generation);
  *status.add_conditions() =
      MakeCondition("ResolvedRefs", refs.none(), refs.none() ? "ResolvedRefs" : std::string_view(refs.reason),
                    refs.message, generation);
  // Gateway API: present only where it is true.
  if (output.insecure_clients) {
    *status.add_conditions() =
        MakeCondition("InsecureFrontendValidationMode", true, "ConfigurationChanged",
                      "clients without a valid certificate are let in: mode AllowInsecureFallback", generation);
  }
  if (any) *status.mutable_addresses() = spec.addresses();
  for (const ListenerSetOutput& set : output.listener_sets) {
    if (IsAccepted(set, output)) status.set_attached_listener_sets(status.attached_listener_sets() + 1);
  }
  return result;
}

StatusPtr ListenerSetStatusOf(const Upsert& set, const GatewayOutput* output, const std::vector<int32_t>& attached) {
  auto result = std::make_shared<api::ObjectStatus>();
  api::ListenerSetStatus& status = *result->mutable_listener_set();
  uint64_t generation = set.last_generation;
  ListenerSetOutput self{.key = set.object->key(), .accepted = {"ParentNotAccepted", "the Gateway does not exist"}};
  bool all = true;
  for (size_t i = 0; output != nullptr && i < output->listeners.size(); ++i) {
    const ListenerOutput& listener = output->listeners[i];
    if (listener.owner != self.key) continue;
    SetListenerStatus(listener, attached[i], generation, *status.add_listeners());
    all = all && listener.served;
  }
  for (size_t i = 0; output != nullptr && i < output->listener_sets.size(); ++i) {
    if (output->listener_sets[i].key == self.key) self.accepted = output->listener_sets[i].accepted;
  }
  if (output != nullptr && !output->accepted) self.accepted = {"ParentNotAccepted", output->message};
  bool accepted = output != nullptr && IsAccepted(self, *output);
  if (self.accepted.none() && !all) self.accepted = {"ListenersNotValid", "see the listeners"};
  std::string_view reason = self.accepted.none() ? "Accepted" : std::string_view(self.accepted.reason);
  *status.add_conditions() = MakeCondition("Accepted", accepted, reason, self.accepted.message, generation);
  if (accepted) reason = "Programmed";
  *status.add_conditions() =
      MakeCondition("Programmed", accepted, reason, accepted ? "" : self.accepted.message, generation);
  return result;
}

}  // namespace penstock::translator
