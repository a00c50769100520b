#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/exchange/reason.h"
#include "dataplane/upstream/cluster.h"

namespace penstock::upstream {

// An upstream connection for a tunnel, or why there is none.
struct Dialed {
  Reason reason = Reason::kNone;
  std::string detail;                      // of `reason`; often ""
  std::unique_ptr<Connection> connection;  // give it back to the cluster with Discard()
  std::string endpoint;                    // "192.0.2.7:5432" of the last try; "" none was tried
  Duration connect{-1};                    // how long the last try took to connect; negative: it did not
  std::uint32_t tries = 0;
  std::uint64_t endpoints_epoch = 0;
};

// Endpoints that are tried at most, each within the cluster's connect timeout; all of it within that many times as
// much.
inline constexpr std::uint32_t kMaxDials = 3;
// For the names of a DNS cluster that were never resolved before.
inline constexpr Duration kDialResolve = std::chrono::seconds(5);

// Connects to an endpoint that the cluster's balancer picks, or to another one if that cannot be reached. The
// connection begins with PREFACE. SEED is the tunnel's, for the pick. What ends by the cancellation of WAIT has no
// meaningful reason.
Task<Dialed> Dial(ViewRef view, std::uint64_t seed, std::string preface, Wait wait);

}  // namespace penstock::upstream
