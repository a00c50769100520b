#pragma once

#include <string>

#include "dataplane/io/net/socket_address.h"

namespace penstock::io {

// Who listens on this TCP address, for error messages: "nginx (pid 812)", "a process of another user", or "" if nobody
// is found. Reads /proc; slow, not for workers.
std::string DescribePortOwner(const SocketAddress& address);

}  // namespace penstock::io
