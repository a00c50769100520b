#pragma once

#include <vector>

#include "dataplane/base/status.h"
#include "dataplane/policies/condition/term.h"
#include "proto/penstock/xds/v1/security.pb.h"

// What a Condition asks of the request itself. Each appends the terms of one of CONFIG's fields, none if it is not set.
// InvalidArgument begins with the field's path.
namespace penstock::policies {

Status AddMethods(const xds::v1::Condition& config, std::vector<TermPtr>& terms);
Status AddPaths(const xds::v1::Condition& config, std::vector<TermPtr>& terms);
Status AddHeaders(const xds::v1::Condition& config, std::vector<TermPtr>& terms);
Status AddAddresses(const xds::v1::Condition& config, std::vector<TermPtr>& terms);

}  // namespace penstock::policies
