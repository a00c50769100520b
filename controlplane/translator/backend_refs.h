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

// What is sent there.
enum class Speech {
  kOfReferrer,  // what its kind says: of a GRPCRoute gRPC
  kGrpc,        // which needs HTTP/2
};

// `path` is the reference's field. Findings are made for what is wrong with it. `referrer` is the route or policy that
// it is written in.
ResolvedBackend ResolveBackend(const api::BackendObjectReference& ref, const std::string& path,
                               const ObjectKey& referrer, Reader& reader, FindingSink& findings,
                               Speech speech = Speech::kOfReferrer);

// The part of an HTTPBackendRef, GRPCBackendRef or BackendRef that names the object.
template <typename BackendRef>
api::BackendObjectReference ReferenceOf(const BackendRef& ref) {
  api::BackendObjectReference reference;
  reference.set_group(ref.group());
  reference.set_kind(ref.kind());
  reference.set_name(ref.name());
  reference.set_namespace_(ref.namespace_());
  if (ref.has_port()) reference.set_port(ref.port());
  return reference;
}

}  // namespace penstock::translator
