// Checks and status of BackendTLSPolicies.
#pragma once

#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// REQUIRES: the object is a BackendTLSPolicy.
void CheckBackendTlsPolicy(const Upsert& policy, Reader& reader, FindingSink& findings, CheckOutput& output);

}  // namespace penstock::translator
