#pragma once

#include <string>

#include "dataplane/io/net/socket_address.h"

namespace penstock::io {

// Who listens on this TCP address, for error messages: "nginx (pid 812)", "a process of another user", or "" if nobody
// is found. Reads /proc; slow, not for workers.
std::string DescribePortOwner(const SocketAddress& address);

// Every socket that listens where ADDRESS would (the same address, or one of the two is the wildcard) is of this
// process. Reads /proc; slow, not for workers.
bool OnlyWeListen(const SocketAddress& address);

}  // namespace penstock::io
