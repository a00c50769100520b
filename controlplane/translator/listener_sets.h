// ListenerSets: whose they are, and who lets them in.
#pragma once

#include <string_view>

#include "api/manifests/v1/gateway.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// What a ListenerSet names as its parent: a Gateway, unless it is wrong. REQUIRES: `listener_set` is one.
ObjectKey ParentOf(const manifests::Object& listener_set);
bool IsGateway(const ObjectKey& key);

// Do the Gateway's allowedListeners let ListenerSets of a namespace in?
bool TakesListenerSets(const ObjectKey& gateway, const api::GatewaySpec& spec, std::string_view ns, Reader& reader);

bool HasListeners(const ObjectKey& key);
// The listeners that are written in a Gateway or ListenerSet. REQUIRES: `object` is one.
const google::protobuf::RepeatedPtrField<api::Listener>& ListenersOf(const manifests::Object& object);

// What is wrong with the parentRef of a ListenerSet.
void CheckListenerSet(const manifests::Object& listener_set, Reader& reader, FindingSink& findings);

}  // namespace penstock::translator
