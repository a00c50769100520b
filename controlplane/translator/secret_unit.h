// Secret or ConfigMap -> Secret, with the keys that somebody needs of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// `gateways`: who needs it, sorted; `now`: of TranslateOptions. REQUIRES: `secret` is the text of a SecretId. Without
// its object, or with contents that cannot be used, it gives nothing.
SecretOutput TranslateSecret(const std::string& secret, std::vector<std::string> gateways,
                             std::optional<absl::Time> now, Reader& reader);

}  // namespace penstock::translator
