#pragma once

#include <memory>

#include "dataplane/io/net/tcp_stream.h"

namespace penstock::io {

// A connection to `address`, with TCP_NODELAY. Errors: kUnavailable (refused, unreachable), kResourceExhausted (no
// descriptors, ports or memory on this side), kDeadlineExceeded, kCancelled. Many connections to one address may share
// a local port range (IP_BIND_ADDRESS_NO_PORT); `local`, if set, is the address to come from.
Task<StatusOr<std::unique_ptr<TcpStream>>> Connect(Reactor& reactor, SocketAddress address, Wait wait,
                                                   const IpAddress* local = nullptr);

}  // namespace penstock::io
