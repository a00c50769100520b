// What a backendRef leads to.
#pragma once

#include <string>

#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"

namespace penstock::translator {

struct ResolvedBackend {
  std::string cluster;  // "" if the reference leads nowhere
  std::string problem;  // why
  std::string
      reason;  // of the condition ResolvedRefs: BackendNotFound, RefNotPermitted, InvalidKind, UnsupportedProtocol
  bool websocket = false;  // the backend speaks it
};

// `path` is the reference's field. Findings are made for what is wrong with it.
ResolvedBackend ResolveBackend(const api::BackendObjectReference& ref, const std::string& path, const ObjectKey& route,
                               Reader& reader, FindingSink& findings);

// The part of an HTTPBackendRef that names the object.
api::BackendObjectReference ReferenceOf(const api::HTTPBackendRef& ref);

}  // namespace penstock::translator
