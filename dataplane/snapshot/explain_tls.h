#pragma once

#include <optional>
#include <string>

#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

// "TLS 1.2 or newer, shows Secret shop/cert, offers h2, http/1.1, asks clients for a certificate issued by ConfigMap
// shop/ca"
std::string DescribeTls(const ServerTls& tls);
// "TLS 1.2 or newer with api.example, certificate issued by ConfigMap shop/ca, agrees on HTTP/1.1, shows Secret
// shop/me". Connections that carry a client's bytes agree on nothing: nullopt.
std::string DescribeTls(const UpstreamTls& tls, std::optional<CompiledCluster::Protocol> protocol);

}  // namespace penstock::snapshot
