// Backend or Service -> Cluster and Endpoints.
#pragma once

#include <string>
#include <vector>

#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// `gateways`: who needs the cluster, sorted. REQUIRES: `cluster` is the text of a ClusterId. Without its object it
// gives nothing.
ClusterOutput TranslateCluster(const std::string& cluster, std::vector<std::string> gateways, Reader& reader);

}  // namespace penstock::translator
