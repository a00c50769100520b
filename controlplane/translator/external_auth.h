// The service that a SecurityPolicy has asked -> ExternalAuth (proto/penstock/xds/v1/security.proto).
#pragma once

#include <string>
#include <vector>

#include "api/manifests/v1/securitypolicy.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::translator {

// `policy`: whose reference it is. A backend that is not there is asked by nobody: then nobody gets in, unless the
// policy says so. Adds its cluster to `clusters`.
penstock::xds::v1::ExternalAuth ExternalAuthOf(const api::ExternalAuthorization& external, const ObjectKey& policy,
                                               Reader& reader, std::vector<std::string>& clusters);

// What cannot be done of it, at the fields of the manifest.
void CheckExternalAuth(const api::ExternalAuthorization& external, const ObjectKey& policy, Reader& reader,
                       FindingSink& findings);

}  // namespace penstock::translator
