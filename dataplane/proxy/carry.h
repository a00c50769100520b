#pragma once

#include <optional>
#include <string_view>

#include "dataplane/io/net/stream.h"
#include "dataplane/io/proxy_protocol/proxy_protocol.h"
#include "dataplane/proxy/layer4_session.h"

namespace penstock::proxy {

// A client's connection that is to be carried.
struct CarriedConnection {
  io::Stream& stream;
  Place& place;
  Layer4Client client;
  // Its ends as an upstream is told them by the PROXY protocol; nullopt: they are no IP addresses.
  std::optional<io::ProxyAddresses> addresses;
  Cancellation& life;  // cancelled at the drain deadline
};

// One connection of layer 4 from its decision to its log line: decide, connect, carry, end. Returns when nothing of it
// runs any more. kNone: both sides have ended it. Else why it was not carried (kNoListener and kNoRoute: nothing here
// is for it), or not to its end; then it is the caller's to be reset.
Task<Reason> CarryConnection(Proxy& proxy, CarriedConnection connection);

// A connection that ends before anybody serves it, for REASON: counted by that, and a line in the log, under the
// listener that its handshake has chosen, else under its place's default one.
void RefuseConnection(Proxy& proxy, Place& place, Layer4Client client, Reason reason, std::string_view detail);

}  // namespace penstock::proxy
