#include "dataplane/io/net/socket_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/numbers.h"
#include "dataplane/base/strings.h"

namespace penstock::io {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr socklen_t kPathOffset = offsetof(sockaddr_un, sun_path);

StatusOr<std::uint16_t> ParsePort(std::string_view text) {
  int port = 0;
  bool digits = !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits || !absl::SimpleAtoi(ToAbsl(text), &port) || port > 65535) {
    return absl::InvalidArgumentError(StrCat("'", text.substr(0, 32), "' is not a port: write 0 to 65535"));
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace

SocketAddress::SocketAddress() : length_(sizeof(sa_family_t)) {
  std::memset(&storage_, 0, sizeof(storage_));
  storage_.any.sa_family = AF_UNIX;
}

SocketAddress SocketAddress::Ip(const IpAddress& ip, std::uint16_t port) {
  SocketAddress address;
  if (ip.is_v4()) {
    address.storage_.v4.sin_family = AF_INET;
    address.storage_.v4.sin_port = htons(port);
    std::memcpy(&address.storage_.v4.sin_addr, ip.bytes().data(), 4);
    address.length_ = sizeof(sockaddr_in);
  } else {
    address.storage_.v6.sin6_family = AF_INET6;
    address.storage_.v6.sin6_port = htons(port);
    std::memcpy(&address.storage_.v6.sin6_addr, ip.bytes().data(), 16);
    address.length_ = sizeof(sockaddr_in6);
  }
  return address;
}

StatusOr<SocketAddress> SocketAddress::Unix(std::string_view path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path) || path.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("the path of a unix socket has 1 to 107 bytes");
  }
  SocketAddress address;
  bool abstract = path[0] == '@';
  std::memcpy(address.storage_.local.sun_path, path.data(), path.size());
  if (abstract) address.storage_.local.sun_path[0] = '\0';
  address.length_ = kPathOffset + static_cast<socklen_t>(path.size()) + (abstract ? 0 : 1);
  return address;
}

StatusOr<SocketAddress> SocketAddress::Parse(std::string_view text) {
  if (text.substr(0, kUnixPrefix.size()) == kUnixPrefix) return Unix(text.substr(kUnixPrefix.size()));
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return absl::InvalidArgumentError(
        StrCat("'", text.substr(0, 64), "' has no port: write 192.0.2.1:80, [2001:db8::1]:80 or unix:/path"));
  }
  std::string_view host = text.substr(0, colon);
  bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (!brackets && host.find(':') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        StrCat("'", text.substr(0, 64), "': write an IPv6 address in brackets: [2001:db8::1]:80"));
  }
  ASSIGN_OR_RETURN(IpAddress ip, IpAddress::Parse(host));
  ASSIGN_OR_RETURN(std::uint16_t port, ParsePort(text.substr(colon + 1)));
  return Ip(ip, port);
}

SocketAddress SocketAddress::FromSockaddr(const sockaddr* from, socklen_t length) {
  SocketAddress address;
  address.length_ = std::clamp<socklen_t>(length, sizeof(sa_family_t), sizeof(Storage));
  std::memcpy(&address.storage_, from, address.length_);
  if (address.family() == AF_INET6) return Ip(address.ip(), address.port());
  return address;
}

IpAddress SocketAddress::ip() const {
  if (family() == AF_INET) {
    std::uint8_t bytes[4];
    std::memcpy(bytes, &storage_.v4.sin_addr, 4);
    return IpAddress::V4(bytes);
  }
  if (family() == AF_INET6) {
    std::uint8_t bytes[16];
    std::memcpy(bytes, &storage_.v6.sin6_addr, 16);
    return IpAddress::V6(bytes);
  }
  return IpAddress();
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
  if (family() == AF_INET6) return ntohs(storage_.v6.sin6_port);
  return 0;
}

std::string SocketAddress::ToString() const {
  if (family() == AF_INET) return StrCat(ip().ToString(), ":", port());
  if (family() == AF_INET6) return StrCat("[", ip().ToString(), "]:", port());
  if (length_ <= kPathOffset) return std::string(kUnixPrefix);
  std::string path(storage_.local.sun_path, length_ - kPathOffset);
  if (path[0] == '\0') {
    path[0] = '@';
  } else {
    path.resize(std::strlen(path.c_str()));
  }
  return StrCat(kUnixPrefix, path);
}

bool SocketAddress::operator==(const SocketAddress& other) const {
  return length_ == other.length_ && std::memcmp(&storage_, &other.storage_, length_) == 0;
}

}  // namespace penstock::io
