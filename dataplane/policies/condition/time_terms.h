#pragma once

#include <vector>

#include "dataplane/base/status.h"
#include "dataplane/policies/condition/term.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// What a Condition asks of the time of a request. Appends a term, if CONFIG has windows. InvalidArgument begins with
// the field's path.
Status AddTimes(const xds::v1::Condition& config, std::vector<TermPtr>& terms);

}  // namespace penstock::policies
