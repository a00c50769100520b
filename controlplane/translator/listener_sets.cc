#include "controlplane/translator/listener_sets.h"

#include <algorithm>

#include "api/manifests/v1/listenerset.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/namespaces.h"

namespace penstock::translator {

using manifests::Cat;

ObjectKey ParentOf(const manifests::Object& listener_set) {
  const api::ParentGatewayReference& ref = listener_set.As<api::ListenerSet>()->spec().parent_ref();
  ObjectKey key = GatewayKey(ref.namespace_().empty() ? listener_set.key().ns : ref.namespace_(), ref.name());
  if (!ref.kind().empty()) key.kind = ref.kind();
  if (!ref.group().empty()) key.group = ref.group();
  return key;
}

bool IsGateway(const ObjectKey& key) { return key.kind == "Gateway" && key.group == kGatewayGroup; }

bool TakesListenerSets(const ObjectKey& gateway, const api::GatewaySpec& spec, std::string_view ns, Reader& reader) {
  const api::ListenerNamespaces& namespaces = spec.allowed_listeners().namespaces();
  return AllowsNamespace(namespaces.from(), namespaces.selector(), gateway.ns, ns, reader);
}

bool HasListeners(const ObjectKey& key) { return key.kind == "Gateway" || key.kind == "ListenerSet"; }

const google::protobuf::RepeatedPtrField<api::Listener>& ListenersOf(const manifests::Object& object) {
  if (const auto* set = object.As<api::ListenerSet>()) return set->spec().listeners();
  return object.As<api::Gateway>()->spec().listeners();
}

void CheckListenerSet(const manifests::Object& listener_set, Reader& reader, FindingSink& findings) {
  ObjectKey key = ParentOf(listener_set);
  if (!IsGateway(key)) {
    findings.Error("spec.parentRef.kind", "E104", Cat("a ListenerSet cannot belong to kind ", key.kind),
                   "name a Gateway");
    return;
  }
  const GatewayOutput* gateway = reader.Gateway(key);
  if (gateway == nullptr) {
    findings.Warning("spec.parentRef.name", "W215",
                     Cat("its listeners are not served: ", key.ToString(), " does not exist"),
                     reader.DidYouMean(key.name, key.ns, {"Gateway"}));
    return;
  }
  const auto& sets = gateway->listener_sets;
  auto self = std::find_if(sets.begin(), sets.end(),
                           [&](const ListenerSetOutput& set) { return set.key == listener_set.key(); });
  if (self == sets.end() || self->accepted.none()) return;
  findings.Warning("spec.parentRef", "W215", Cat("its listeners are not served: ", self->accepted.message),
                   "set spec.allowedListeners.namespaces of the Gateway");
}

}  // namespace penstock::translator
