#include "dataplane/base/ip_address.h"

#include <arpa/inet.h>

#include <cstring>

#include "absl/strings/numbers.h"
#include "dataplane/base/strings.h"

namespace penstock {

StatusOr<IpAddress> IpAddress::Parse(std::string_view text) {
  // inet_pton wants a terminated string; the longest literal has 45 characters.
  char buffer[INET6_ADDRSTRLEN + 1];
  bool fits = text.size() < sizeof(buffer) && text.find('\0') == std::string_view::npos;
  std::uint8_t v4[4];
  std::uint8_t v6[16];
  if (fits) {
    text.copy(buffer, text.size());
    buffer[text.size()] = '\0';
    if (inet_pton(AF_INET, buffer, v4) == 1) return V4(v4);
    if (inet_pton(AF_INET6, buffer, v6) == 1) return V6(v6);
  }
  return absl::InvalidArgumentError(
      StrCat("'", text.substr(0, 64), "' is not an IP address: write 192.0.2.1 or 2001:db8::1"));
}

IpAddress IpAddress::V4(const std::uint8_t (&bytes)[4]) {
  IpAddress ip;
  std::memcpy(ip.bytes_.data(), bytes, 4);
  return ip;
}

IpAddress IpAddress::V6(const std::uint8_t (&bytes)[16]) {
  static constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  IpAddress ip;
  ip.v4_ = std::memcmp(bytes, kMapped, sizeof(kMapped)) == 0;
  std::memcpy(ip.bytes_.data(), ip.v4_ ? bytes + 12 : bytes, ip.v4_ ? 4 : 16);
  return ip;
}

std::string_view IpAddress::bytes() const {
  return {reinterpret_cast<const char*>(bytes_.data()), v4_ ? std::size_t{4} : std::size_t{16}};
}

bool IpAddress::IsLoopback() const {
  if (v4_) return bytes_[0] == 127;
  for (int i = 0; i < 15; ++i) {
    if (bytes_[i] != 0) return false;
  }
  return bytes_[15] == 1;
}

bool IpAddress::IsUnspecified() const {
  for (std::uint8_t byte : bytes_) {
    if (byte != 0) return false;
  }
  return true;
}

std::string IpAddress::ToString() const {
  char buffer[INET6_ADDRSTRLEN];
  return inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof(buffer));
}

StatusOr<Cidr> Cidr::Parse(std::string_view text) {
  std::size_t slash = text.find('/');
  Cidr cidr;
  ASSIGN_OR_RETURN(cidr.base_, IpAddress::Parse(text.substr(0, slash)));
  int bits = cidr.base_.is_v4() ? 32 : 128;
  cidr.prefix_length_ = bits;
  if (slash == std::string_view::npos) return cidr;
  std::string_view length = text.substr(slash + 1);
  bool digits = !length.empty() && length.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits || !absl::SimpleAtoi(ToAbsl(length), &cidr.prefix_length_) || cidr.prefix_length_ > bits) {
    return absl::InvalidArgumentError(StrCat("'", text.substr(0, 64), "': the prefix length must be 0 to ", bits));
  }
  std::string_view bytes = cidr.base_.bytes();
  for (int bit = cidr.prefix_length_; bit < bits; ++bit) {
    if (bytes[bit / 8] >> (7 - bit % 8) & 1) {
      return absl::InvalidArgumentError(
          StrCat("'", text, "' has bits set behind its prefix of ", cidr.prefix_length_, ": zero them"));
    }
  }
  return cidr;
}

bool Cidr::Contains(const IpAddress& ip) const {
  if (ip.is_v4() != base_.is_v4()) return false;
  std::string_view a = ip.bytes();
  std::string_view b = base_.bytes();
  int whole = prefix_length_ / 8;
  if (a.substr(0, whole) != b.substr(0, whole)) return false;
  int rest = prefix_length_ % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) & 0xff) >> (8 - rest) == 0;
}

std::string Cidr::ToString() const { return StrCat(base_.ToString(), "/", prefix_length_); }

}  // namespace penstock
