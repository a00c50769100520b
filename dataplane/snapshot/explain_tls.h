#pragma once

#include <string>

#include "dataplane/snapshot/tls.h"

namespace penstock::snapshot {

// "TLS 1.2 or newer, shows Secret shop/cert, offers h2, http/1.1, asks clients for a certificate issued by shop/ca"
std::string DescribeTls(const ServerTls& tls);

}  // namespace penstock::snapshot
