// Revocation -> a Revocation for every data plane.
#pragma once

#include "api/manifests/v1/revocation.pb.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

ResourcePtr RevocationResource(const ObjectKey& key, const api::RevocationSpec& spec);

}  // namespace penstock::translator
