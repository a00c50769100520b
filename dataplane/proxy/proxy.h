#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/base/random.h"
#include "dataplane/exchange/attachments.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/proxy/date.h"
#include "dataplane/proxy/generation/generation.h"
#include "dataplane/proxy/route_cells_memo.h"
#include "dataplane/proxy/server_stream.h"
#include "dataplane/proxy/side_calls.h"
#include "dataplane/telemetry/access_log/access_log.h"
#include "dataplane/upstream/upstreams.h"

namespace penstock::proxy {

// What the requests of one worker share. Made by the server; everything in it belongs to the worker's thread and
// outlives its connections.
struct Proxy {
  io::Reactor& reactor;
  upstream::Upstreams& upstreams;
  telemetry::WorkerStats& stats;
  telemetry::AccessLogWriter* log = nullptr;    // null: no access log
  telemetry::AccessLogWriter* audit = nullptr;  // null: no audit log
  std::string_view replica = {};                // this data plane's id
  int worker = 0;                               // index for the cells
  io::Resolver* resolver = nullptr;             // null: policies reach no names

  CurrentGeneration generation{};
  uint64_t serial = 0;  // grows with every Publish
  DateCache date{};
  RouteCellsMemo route_cells{};
  // Of the generation that is served, and of those before: what the log hides of queries.
  PolicyChains::SecretParameters secret_parameters = std::make_shared<const policies::SecretParameters>();
  Attachments attachments{};
  WorkerSideCalls side_calls{*this};
  Services services{worker, &reactor, resolver, &attachments, &side_calls, &stats.cells()};  // what policies are lent

  // Serves NEXT from now on: new requests are decided by it, running ones finish with theirs. See
  // CurrentGeneration::Swap.
  void Publish(Generation& next);

  // The listeners at PLACE now; nullptr if there are none. REQUIRES: a generation was published.
  const snapshot::BindGroup* Listeners(Place& place) const { return place.Group(*generation->snapshot, serial); }
};

// One request from its head to its log line: decide, answer, deliver, end. Returns when the client has all of the
// response or is gone, and nothing of the exchange runs any more. Never fails: whatever goes wrong is in the log line.
// What is left of the request's content is the session's business.
//
//   Accept      canonical target, client address, request id, listener, route
//   Answer      policies in order, then the route's action
//   Deliver     response head and content, as they come
//   End         policies' OnEnd, metrics, log
Task<void> HandleRequest(Proxy& proxy, ServerStream& stream);

}  // namespace penstock::proxy
