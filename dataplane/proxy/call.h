#pragma once

#include <cstddef>
#include <string_view>

#include "dataplane/exchange/exchange.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::proxy {

// One request on its way through this room: what its steps hand to each other. Lives in HandleRequest.
struct Call {
  Call(Proxy& proxy, ServerStream& stream, const Generation& generation)
      : proxy(proxy), stream(stream), x(stream.exchange()), generation(generation) {}

  Proxy& proxy;
  ServerStream& stream;
  Exchange& x;
  const Generation& generation;

  // Decided by Accept.
  const snapshot::CompiledListener* listener = nullptr;
  const router::Match* match = nullptr;
  const snapshot::CompiledRule* rule = nullptr;
  std::string_view host;  // of the request as it was decided, before any rewrite
  std::string_view path;
  std::string_view query;
  std::string_view client_scheme;  // what the client used, as a trusted proxy says; "": as this listener
  uint16_t client_port = 0;

  const snapshot::WeightedCluster* backend = nullptr;  // picked

  const PolicyChain* chains[2] = {nullptr, nullptr};  // the listener's, the rule's
  size_t ran = 0;                                     // policies whose OnRequest ran, over both chains

  bool close = false;      // framing is in doubt: the connection ends after the response
  bool delivered = false;  // the client was given the whole response
  bool started = false;    // the response's head was staged
};

}  // namespace penstock::proxy
