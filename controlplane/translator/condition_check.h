// What the condition of a rule says that cannot be done, or never holds.
#pragma once

#include <string>

#include "api/manifests/v1/condition.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"

namespace penstock::translator {

enum class RuleUse {
  kAllows,
  kDeniesOrLimits,
};

// `path` is that of `when`, `ns` the namespace of the policy that it is written in.
void CheckCondition(const api::RequestCondition& when, RuleUse use, const std::string& path, const std::string& ns,
                    Reader& reader, FindingSink& findings);

}  // namespace penstock::translator
