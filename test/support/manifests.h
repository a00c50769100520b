#pragma once

#include <string>
#include <vector>

#include "dataplane/snapshot/resource.h"

namespace penstock::test {

// What the control plane makes of manifests for data planes of the class "default". The test fails if it would refuse
// them or warn about them.
std::vector<snapshot::Resource> ResourcesOf(const std::string& yaml);

}  // namespace penstock::test
