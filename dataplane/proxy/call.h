#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "dataplane/exchange/exchange.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::proxy {

// What a call that outlives its generation takes along: the records that its views point into, the policies that ran,
// and the cells that it counts into.
struct Kept {
  snapshot::Shared<snapshot::CompiledListener> listener;
  snapshot::Shared<snapshot::CompiledRoute> route;  // null: none matched
  PolicyChain chain;
  std::shared_ptr<telemetry::ListenerCells> listener_cells;
  std::shared_ptr<telemetry::RouteCells> route_cells;
};

// One request on its way through this room: what its steps hand to each other. Lives in HandleRequest.
struct Call final : GenerationKeeper {
  Call(Proxy& proxy, ServerStream& stream)
      : proxy(proxy), stream(stream), x(stream.exchange()), generation(proxy.generation.Pin()) {}

  // detach.cc.
  void OnSuperseded() override;

  Proxy& proxy;
  ServerStream& stream;
  Exchange& x;
  GenerationPin generation;    // empty once `kept` is set
  const Kept* kept = nullptr;  // of the exchange

  // Decided by Accept.
  const snapshot::CompiledListener* listener = nullptr;
  const router::Match* match = nullptr;
  const snapshot::CompiledRule* rule = nullptr;
  std::string_view host;  // of the request as it was decided, before any rewrite
  std::string_view path;
  std::string_view query;
  std::string_view web_content_type;  // of the request, if it was made one of gRPC out of one of gRPC-Web; else ""
  std::string_view client_scheme;     // what the client used, as a trusted proxy says; "": as this listener
  uint16_t client_port = 0;

  const snapshot::WeightedCluster* backend = nullptr;  // picked

  const PolicyChain* chain = nullptr;  // the rule's if it has one, else the listener's; null: none
  size_t ran = 0;                      // policies of it whose OnRequest ran

  bool close = false;      // framing is in doubt: the connection ends after the response
  bool delivered = false;  // the client was given the whole response
  bool started = false;    // the response's head was staged
};

}  // namespace penstock::proxy
