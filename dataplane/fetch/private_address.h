#pragma once

#include "dataplane/base/ip_address.h"

namespace penstock::fetch {

// May only a network's own people reach it, or nobody: loopback, link-local, RFC 1918, shared (RFC 6598), unique local,
// unspecified, multicast, reserved, and addresses of IPv6 that lead to such a one of IPv4. Pure.
bool IsPrivate(const IpAddress& ip);

}  // namespace penstock::fetch
