#pragma once

#include <string_view>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/chunk.h"
#include "dataplane/base/task.h"
#include "dataplane/exchange/reason.h"
#include "dataplane/io/net/stream.h"
#include "dataplane/io/proxy_protocol/proxy_protocol.h"

namespace penstock::downstream {

// A PROXY protocol header, which a connection begins with. Bounded in bytes by its codec, in time by WAIT.
struct ProxyHeaderRead {
  Reason reason = Reason::kNone;  // kNone: there was one
  std::string_view detail;        // static text: what was wrong
  io::ProxyHeader header;
  Chunk rest;  // what came behind it
};
Task<ProxyHeaderRead> ReadProxyHeader(io::Stream& stream, Wait wait);

}  // namespace penstock::downstream
