// What a ClientPolicy asks of listeners that cannot do it.
#pragma once

#include "api/manifests/v1/clientpolicy.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"

namespace penstock::translator {

void CheckClientPolicy(const api::ClientPolicySpec& spec, const ObjectKey& policy, Reader& reader,
                       FindingSink& findings);

}  // namespace penstock::translator
