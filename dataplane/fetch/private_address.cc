#include "dataplane/fetch/private_address.h"

#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/base/check.h"

namespace penstock::fetch {
namespace {

// What the registries of RFC 6890 do not call globally reachable, but for the blocks of examples.
constexpr std::string_view kPrivate[] = {
    "0.0.0.0/8",       // this host
    "10.0.0.0/8",      // RFC 1918
    "100.64.0.0/10",   // shared by carriers, and by clouds for their own services
    "127.0.0.0/8",     // loopback
    "169.254.0.0/16",  // link-local: metadata of clouds
    "172.16.0.0/12",   // RFC 1918
    "192.0.0.0/24",    // protocol assignments
    "192.168.0.0/16",  // RFC 1918
    "198.18.0.0/15",   // benchmarks
    "224.0.0.0/4",     // multicast
    "240.0.0.0/4",     // reserved, broadcast
    "::/96",           // unspecified, loopback, IPv4-compatible
    "64:ff9b:1::/48",  // NAT64 of a network's own (RFC 8215)
    "2001::/32",       // Teredo, and
    "2002::/16",       // 6to4: whoever answers there is behind an address of IPv4 that is not looked at here
    "fc00::/7",        // unique local
    "fe80::/10",       // link-local
    "fec0::/10",       // site-local
    "ff00::/8",        // multicast
};
// NAT64 (RFC 6052 2.1): the last four bytes are the address of IPv4 that it leads to.
constexpr std::string_view kTranslated = "64:ff9b::/96";

bool IsIn(std::string_view block, const IpAddress& ip) {
  StatusOr<Cidr> cidr = Cidr::Parse(block);
  PENSTOCK_CHECK(cidr.ok(), "a block of the table is none");
  return cidr->Contains(ip);
}

IpAddress Translated(const IpAddress& ip) {
  std::uint8_t bytes[4];
  std::memcpy(bytes, ip.bytes().data() + 12, sizeof(bytes));
  return IpAddress::V4(bytes);
}

}  // namespace

bool IsPrivate(const IpAddress& ip) {
  for (std::string_view block : kPrivate) {
    if (IsIn(block, ip)) return true;
  }
  return IsIn(kTranslated, ip) && IsPrivate(Translated(ip));
}

}  // namespace penstock::fetch
