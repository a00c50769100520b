#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/ip_address.h"

namespace penstock::io {

// The PROXY protocol (HAProxy's proxy-protocol.txt, versions 1 and 2): what a connection begins with when a proxy in
// front says for whom it is. Pure: bytes in, values out.

enum class ProxyVersion : std::uint8_t { kV1, kV2 };

// Both ends of the connection that a header speaks for.
struct ProxyAddresses {
  IpAddress source;
  std::uint16_t source_port = 0;
  IpAddress destination;
  std::uint16_t destination_port = 0;

  bool operator==(const ProxyAddresses&) const = default;
};

// A line of version 1 with its CRLF; a header of version 2 with its addresses and extensions (TLVs, which are skipped).
inline constexpr std::size_t kMaxProxyLine = 107;
inline constexpr std::size_t kMaxProxyHeader = 16 + 520;

struct ProxyHeader {
  enum class Progress : std::uint8_t { kNeedMore, kDone, kError };

  Progress progress = Progress::kNeedMore;
  std::string_view error;    // static text; what is wrong, if kError
  std::size_t consumed = 0;  // if kDone: how long the header is; what follows belongs to the connection
  // Empty: the proxy speaks for itself (LOCAL), does not know (UNKNOWN), or for a Unix socket: the connection's own
  // addresses count.
  std::optional<ProxyAddresses> addresses;
};

// BYTES: all that came so far. Strict: what no sender of this protocol writes is an error.
// At most kMaxProxyHeader bytes are looked at: with so many it never needs more.
ProxyHeader ParseProxyHeader(std::string_view bytes);

// The header for a connection on behalf of ADDRESSES; nullopt: they are not known. Of two families the IPv4 address is
// written as an IPv4-mapped one.
std::string WriteProxyHeader(ProxyVersion version, const std::optional<ProxyAddresses>& addresses);

}  // namespace penstock::io
