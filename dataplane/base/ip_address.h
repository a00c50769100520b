#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"

namespace penstock {

// An IPv4 or IPv6 address, no port. An IPv4-mapped IPv6 address (::ffff:a.b.c.d) is its IPv4 address, so that a rule
// about the one cannot be evaded by the other.
class IpAddress {
 public:
  // 0.0.0.0
  IpAddress() : bytes_{} {}

  // Literal text only: "192.0.2.1", "2001:db8::1". No zone, no port, no brackets, no leading zeros.
  static StatusOr<IpAddress> Parse(std::string_view text);
  static IpAddress V4(const std::uint8_t (&bytes)[4]);
  static IpAddress V6(const std::uint8_t (&bytes)[16]);

  bool is_v4() const { return v4_; }
  // 4 or 16 bytes in network order.
  std::string_view bytes() const;
  bool IsLoopback() const;
  bool IsUnspecified() const;
  std::string ToString() const;

  bool operator==(const IpAddress&) const = default;
  auto operator<=>(const IpAddress&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const IpAddress& ip) {
    return H::combine(std::move(h), ip.v4_, ip.bytes_);
  }

 private:
  std::array<std::uint8_t, 16> bytes_;  // v4 in the first four
  bool v4_ = true;
};

// A block of addresses, "10.0.0.0/8". Bits behind the prefix must be zero.
class Cidr {
 public:
  // A bare address is a block of one.
  static StatusOr<Cidr> Parse(std::string_view text);

  bool Contains(const IpAddress& ip) const;
  const IpAddress& base() const { return base_; }
  int prefix_length() const { return prefix_length_; }
  std::string ToString() const;

  bool operator==(const Cidr&) const = default;

 private:
  IpAddress base_;
  int prefix_length_ = 0;
};

}  // namespace penstock
