#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/snapshot/resource.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

inline constexpr size_t kMaxProblems = 50;  // reported at once

struct CompileOptions {
  // Seeds the hash tables of a first build; a delta keeps its predecessor's. Take it from a random source.
  uint64_t hash_seed = 0x5eed;
};

// Exactly one of the two: a snapshot, or the problems that forbid it (all of them, at most kMaxProblems).
struct CompileOutcome {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<ResourceProblem> problems;

  bool ok() const { return snapshot != nullptr; }
};

// The state after DELTA on top of PREVIOUS (nullptr: empty). Validation is compilation: a snapshot that exists is
// valid, and the same library says so in a dry run, in `penstock lint`, in a NACK and in live traffic. All or nothing:
// if any resource fails nothing changes and PREVIOUS stays as it is. Costs O(DELTA): what did not change is shared with
// PREVIOUS. Pure but for the shared counts: all snapshots that descend from each other belong to one thread (see
// Snapshot).
//
// Checks, each a ResourceProblem with the field path, the reason, a hint and a code:
//   E201 bytes that do not parse, an unknown type, a name that differs from the message's
//   E202 a name twice in one delta, or removed and set at once
//   E203 a reference to what does not exist: listener, cluster, policy chain
//   E204 a path, header or query match that is not valid (also regular expressions)
//   E205 a header name or value, status, URL part, duration or number out of its range
//   E206 an address, port, host name or CIDR that is not valid
//   E207 two listeners of one address, port and host name
//   E208 an unknown policy, filter or algorithm, or a field of one that this build does not know
//   E209 hash or counts of the Generation do not agree with the result; an epoch or number that goes back
//   E210 more of something than its limit
//   E212 two listeners of one address and port whose protocols cannot share it
//   E213 a policy configuration that its policy refuses
CompileOutcome Compile(const Snapshot* previous, const Delta& delta, const CompileOptions& options = {});

// The lane of the endpoints: PREVIOUS with other EndpointSets and else the same, generation id included. UPSERTS and
// REMOVALS may hold kEndpointsType only. A set for a cluster that is not in PREVIOUS is accepted and waits for it; one
// whose epoch is older than the one that is there is ignored.
CompileOutcome ApplyEndpoints(const Snapshot& previous, const std::vector<Resource>& upserts,
                              const std::vector<ResourceName>& removals);

}  // namespace penstock::snapshot
