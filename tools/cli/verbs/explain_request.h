#pragma once

#include "absl/status/statusor.h"
#include "tools/cli/invocation.h"
#include "tools/cli/verb.h"

namespace penstock::cli {

// `penstock explain request`: what would become of a request, as stored, as one replica serves it, or as files say.
absl::StatusOr<Exit> ExplainRequest(Invocation& call);

}  // namespace penstock::cli
