// Which listeners an HTTPRoute serves: parentRefs, allowedRoutes, host names.
#pragma once

#include <string>
#include <vector>

#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

struct ParentResult {
  const api::ParentReference* ref = nullptr;
  bool ours = true;  // false: a Gateway of another controller, left alone
  bool accepted = false;
  std::string reason;  // of the condition Accepted
  std::string message;
};

struct Attaching {
  std::vector<ParentResult> parents;    // one for each of parentRefs
  std::vector<Attachment> attachments;  // in the order of parentRefs; no listener twice
};

Attaching AttachToParents(const ObjectKey& route, const api::HTTPRouteSpec& spec, Reader& reader,
                          FindingSink& findings);

// Gateway API LabelSelector.
bool Selects(const api::LabelSelector& selector, const std::map<std::string, std::string>& labels);

}  // namespace penstock::translator
