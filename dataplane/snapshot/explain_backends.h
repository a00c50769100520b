#pragma once

#include <string>

#include "dataplane/snapshot/explain.h"

// What explanations of requests and of connections have in common.
namespace penstock::snapshot {

// What a share that cannot be served gets: "500" and "503" of requests, words of connections.
struct ShareAnswers {
  std::string unresolved;
  std::string no_endpoint;
};

void ExplainBackend(const Snapshot& snapshot, const WeightedCluster& cluster, uint64_t total_weight,
                    const ShareAnswers& answers, Explanation& explanation);

// The endpoints among which the live load balancer chooses, and how they are spoken to.
std::string EndpointsOf(const Snapshot& snapshot, const std::string& cluster);

// Is the question about a connection (tls, tcp, udp), not about a request?
bool IsConnection(const ExplainRequest& request);
Explanation ExplainConnection(const Snapshot& snapshot, const ExplainRequest& request);

}  // namespace penstock::snapshot
