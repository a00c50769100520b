// What a Backend or Service says that cannot be done.
#pragma once

#include "api/manifests/v1/core.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"

namespace penstock::translator {

// REQUIRES: the object is a Backend.
void CheckBackend(const manifests::Object& backend, Reader& reader, FindingSink& findings);
void CheckService(const api::ServiceSpec& spec, FindingSink& findings);

}  // namespace penstock::translator
