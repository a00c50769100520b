#pragma once

#include <string>

#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

// "TLS 1.2 or newer, shows Secret shop/cert, offers h2, http/1.1, asks clients for a certificate issued by shop/ca"
std::string DescribeTls(const ServerTls& tls);
// "TLS 1.2 or newer with api.example, issued by Secret shop/ca, agrees on HTTP/1.1, shows Secret shop/me"
std::string DescribeTls(const UpstreamTls& tls, CompiledCluster::Protocol protocol);

}  // namespace penstock::snapshot
