#pragma once

#include <span>

#include "dataplane/base/task.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/snapshot/route.h"
#include "dataplane/upstream/upstreams.h"

namespace penstock::upstream {

// Is given the upstream's informational responses (103 and the like; never 100, which this hop makes itself, and never
// 101, which is final).
class InformationalSink {
 public:
  virtual Task<Status> Send(const http::ResponseHead& head) = 0;

 protected:
  ~InformationalSink() = default;
};

// What to do for one exchange. Everything referred to outlives the Forward.
struct Attempt {
  Upstreams& upstreams;
  Cluster& cluster;                            // of Upstreams::Find, asked for in this same turn of the loop
  const snapshot::Forward& rule;               // timeouts and retries
  std::span<Cluster* const> mirrors{};         // clusters that get a copy, picked already
  InformationalSink* informational = nullptr;  // null: informational responses are dropped
};

// Sends x.request with x.request_body to an endpoint of the cluster, again on another one where that is safe, and
// returns when the head of the response is there.
//
// kNone: x.response holds the head as received (hop-by-hop fields included), x.response_body its content, which may
// still be coming while the rest of the request goes up. x.response_body->Finish() must be awaited, whatever happens;
// until then the connection, the views of x.response and the upload belong to it. If a Read() of it fails, x.reason
// says why (kUpstreamAborted, kUpstreamIdle); the error is DataLoss where the content itself is malformed.
//
// If x.request.upgrade names a protocol, the upstream is asked to switch to it, and may answer with 101: then
// x.response says so by its framing and `upgrade`, and x.response_body is the tunnel (upstream_tunnel.h). Not a byte of
// x.request_body is read before.
//
// Otherwise: why there is no response, everything is over, and x.request_body may have been read in part. If the
// request's content failed, the reason is x.reason if its source set one, or what its error means (kClientGone,
// kRequestTimeout, kBodyMalformed, kBodyTooLarge).
//
// Waits as x.wait() says; x.deadline is for the head of the response. Sets x.cluster, endpoint, endpoints_epoch, tries
// and time.{upstream_start, connect, upstream_head}.
//
// When is a request sent again? Always to an endpoint that was not tried, if there is one; never when the content that
// was read cannot be given again (kReplayBytes); never beyond kMaxTries and, where NeedsBudget() (retry.h), the
// retry budget; and only if
//   - no byte went out: the connect failed, or the first write of a pooled connection;
//   - or the upstream says that it did not begin to work on it: REFUSED_STREAM, or a GOAWAY that leaves it out;
//   - or the method is idempotent, no byte of a response came, and the connection was a pooled one: the server closed
//   it while it
//     was idle;
//   - or the rule's Retry asks for it (statuses, per-try timeouts, broken connections) and the method is idempotent.
Task<Reason> Forward(Exchange& x, Attempt attempt);

// Content that is kept for another try, and for mirrors; longer contents are sent once and not mirrored.
inline constexpr std::size_t kReplayBytes = 64 << 10;
// Tries of one request without a Retry in its rule.
inline constexpr std::uint32_t kMaxTries = 3;

}  // namespace penstock::upstream
