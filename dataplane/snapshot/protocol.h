#pragma once

#include <array>
#include <string_view>

#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

namespace protocol_internal {
struct Row {
  std::string_view name;
  std::string_view scheme;
};
// In the order of ListenerProtocol.
inline constexpr std::array<Row, 5> kRows = {
    {{"HTTP", "http://"}, {"HTTPS", "https://"}, {"TLS", "tls://"}, {"TCP", "tcp://"}, {"UDP", "udp://"}}};
}  // namespace protocol_internal

// "HTTPS", as Gateways name it.
constexpr std::string_view NameOf(ListenerProtocol protocol) {
  return protocol_internal::kRows[static_cast<size_t>(protocol)].name;
}
// "https://", as explain is asked about it.
constexpr std::string_view SchemeOf(ListenerProtocol protocol) {
  return protocol_internal::kRows[static_cast<size_t>(protocol)].scheme;
}
static_assert(NameOf(ListenerProtocol::kHttp) == "HTTP" && NameOf(ListenerProtocol::kUdp) == "UDP");

// Connections begin with a TLS handshake, or with a hello at least.
constexpr bool IsSecure(ListenerProtocol protocol) {
  return protocol == ListenerProtocol::kHttps || protocol == ListenerProtocol::kTls;
}

}  // namespace penstock::snapshot
