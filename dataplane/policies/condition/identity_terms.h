#pragma once

#include <vector>

#include "dataplane/base/status.h"
#include "dataplane/policies/condition/term.h"
#include "proto/penstock/xds/v1/security.pb.h"

// What a Condition asks of whoever asks. Each appends the terms of some of CONFIG's fields, none if they are not set.
// InvalidArgument begins with the field's path.
namespace penstock::policies {

Status AddRoles(const xds::v1::Condition& config, std::vector<TermPtr>& terms);
Status AddScopes(const xds::v1::Condition& config, std::vector<TermPtr>& terms);
Status AddClaims(const xds::v1::Condition& config, std::vector<TermPtr>& terms);
Status AddNames(const xds::v1::Condition& config, std::vector<TermPtr>& terms);  // subjects, consumers, plans
Status AddAuthenticated(const xds::v1::Condition& config, std::vector<TermPtr>& terms);

}  // namespace penstock::policies
