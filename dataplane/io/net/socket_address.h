#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/base/ip_address.h"
#include "dataplane/base/status.h"

namespace penstock::io {

// Where a socket is: IPv4 or IPv6 with a port, or a path of a unix socket. A plain value.
class SocketAddress {
 public:
  // Unknown (an unnamed unix socket); no socket can connect to it.
  SocketAddress();

  static SocketAddress Ip(const IpAddress& ip, std::uint16_t port);
  // At most 107 bytes, no NUL. A leading '@' means the abstract namespace.
  static StatusOr<SocketAddress> Unix(std::string_view path);
  // "192.0.2.1:80", "[2001:db8::1]:80", "unix:/run/x.sock". No names: those go through dns.
  static StatusOr<SocketAddress> Parse(std::string_view text);
  // From the kernel.
  static SocketAddress FromSockaddr(const sockaddr* address, socklen_t length);

  bool is_ip() const { return family() == AF_INET || family() == AF_INET6; }
  bool is_unix() const { return family() == AF_UNIX && length_ > sizeof(sa_family_t); }
  int family() const { return storage_.any.sa_family; }
  // 0.0.0.0 if not is_ip().
  IpAddress ip() const;
  std::uint16_t port() const;
  // As Parse() takes it; "unix:" if unnamed.
  std::string ToString() const;

  const sockaddr* raw() const { return &storage_.any; }
  socklen_t raw_length() const { return length_; }

  bool operator==(const SocketAddress& other) const;

  template <typename H>
  friend H AbslHashValue(H h, const SocketAddress& address) {
    return H::combine_contiguous(std::move(h), reinterpret_cast<const char*>(&address.storage_), address.length_);
  }

 private:
  union Storage {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  };

  Storage storage_;
  socklen_t length_;
};

}  // namespace penstock::io
