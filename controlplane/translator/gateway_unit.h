// Gateway, with its ListenerSets -> Listeners.
#pragma once

#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

GatewayOutput TranslateGateway(const Upsert& gateway, Reader& reader);

// Is this class served by Penstock? A class without an object is, if it is the default one.
bool IsOurClass(const api::GatewayClass* gateway_class, std::string_view name);

}  // namespace penstock::translator
