#pragma once

#include "absl/status/status.h"
#include "tools/cli/exit.h"
#include "tools/cli/render/json.h"

namespace penstock::cli {

// Says why a verb failed, in the console's format as a document of kind Error, and gives the exit. ALSO: members of
// that document, or lines on standard output.
Exit TellFailure(const absl::Status& error, Console& console, const Json& also = Json::object());

}  // namespace penstock::cli
