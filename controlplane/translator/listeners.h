// Listeners of a Gateway or ListenerSet, as far as they say it themselves.
#pragma once

#include <string>

#include "api/manifests/v1/gateway.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// `path` is the listener's field in `owner`. What needs other objects (certificates, conflicts) comes later.
ListenerOutput ReadListener(const ObjectKey& owner, const api::Listener& listener, const std::string& path,
                            FindingSink& findings);

// The listener cannot be served, for this reason; the first one counts.
void Refuse(ListenerOutput& listener, std::string_view reason, std::string_view message);

}  // namespace penstock::translator
