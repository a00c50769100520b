// Which listeners a route serves: parentRefs, allowedRoutes, host names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/route_view.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

struct ParentResult {
  const api::ParentReference* ref = nullptr;
  bool ours = true;  // false: a Gateway of another controller, left alone
  bool accepted = false;
  std::string reason;  // of the condition Accepted
  std::string message;
  std::vector<std::string> listeners;  // Listeners that it reaches
};

struct Attaching {
  std::vector<ParentResult> parents;    // one for each of parentRefs
  std::vector<Attachment> attachments;  // in the order of parentRefs; no listener twice
};

// What a parentRef names: a Gateway, a ListenerSet, or something that is no parent of routes.
ObjectKey ParentKey(const api::ParentReference& ref, const ObjectKey& route);
// The Gateway that a parent is or belongs to; nullopt if it is a ListenerSet that does not exist.
std::optional<ObjectKey> GatewayOfParent(const ObjectKey& parent, Reader& reader);

Attaching AttachToParents(const ObjectKey& route, const RouteView& view, Reader& reader, FindingSink& findings);

}  // namespace penstock::translator
