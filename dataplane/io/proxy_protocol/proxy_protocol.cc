#include "dataplane/io/proxy_protocol/proxy_protocol.h"

#include <algorithm>

#include "dataplane/base/strings.h"

namespace penstock::io {
namespace {

using Progress = ProxyHeader::Progress;

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixed = 16;  // of version 2: signature, version and command, family, length

ProxyHeader NeedMore() { return {}; }
ProxyHeader Wrong(std::string_view why) {
  return {.progress = Progress::kError, .error = why, .consumed = 0, .addresses = std::nullopt};
}
ProxyHeader Done(std::size_t consumed, std::optional<ProxyAddresses> addresses = std::nullopt) {
  return {.progress = Progress::kDone, .error = {}, .consumed = consumed, .addresses = std::move(addresses)};
}

// Could BYTES be the beginning of something that starts with START?
bool MayStart(std::string_view bytes, std::string_view start) {
  std::size_t known = std::min(bytes.size(), start.size());
  return bytes.substr(0, known) == start.substr(0, known);
}

// --- Version 1: "PROXY TCP4 192.0.2.1 192.0.2.7 56324 443\r\n"

// The word before the next space; takes both off REST. Empty if there is no space.
std::string_view TakeWord(std::string_view& rest) {
  std::size_t space = rest.find(' ');
  if (space == rest.npos) return {};
  std::string_view word = rest.substr(0, space);
  rest.remove_prefix(space + 1);
  return word;
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  bool leading_zero = text.size() > 1 && text[0] == '0';
  if (text.empty() || text.size() > 5 || leading_zero) return std::nullopt;
  std::uint32_t port = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// The text says the family: an IPv4-mapped address is one of TCP6, whatever it is for us.
std::optional<IpAddress> ParseIp(std::string_view text, bool v6) {
  if ((text.find(':') != text.npos) != v6) return std::nullopt;
  StatusOr<IpAddress> ip = IpAddress::Parse(text);
  return ip.ok() ? std::optional<IpAddress>(*ip) : std::nullopt;
}

// LINE is between "PROXY " and the CRLF.
ProxyHeader ParseWords(std::string_view line, std::size_t consumed) {
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return Done(consumed);
  std::string_view family = TakeWord(line);
  if (family != "TCP4" && family != "TCP6") return Wrong("version 1: neither TCP4, TCP6 nor UNKNOWN");
  bool v6 = family == "TCP6";
  std::optional<IpAddress> source = ParseIp(TakeWord(line), v6);
  std::optional<IpAddress> destination = ParseIp(TakeWord(line), v6);
  if (!source.has_value() || !destination.has_value()) return Wrong("version 1: an address is malformed");
  std::optional<std::uint16_t> source_port = ParsePort(TakeWord(line));
  std::optional<std::uint16_t> destination_port = ParsePort(line);
  if (!source_port.has_value() || !destination_port.has_value()) return Wrong("version 1: a port is malformed");
  return Done(consumed, ProxyAddresses{*source, *source_port, *destination, *destination_port});
}

ProxyHeader ParseLine(std::string_view bytes) {
  std::string_view most = bytes.substr(0, kMaxProxyLine);
  std::size_t end = most.find_first_of("\r\n");
  std::string_view line = most.substr(0, end);
  bool printable = std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!printable) return Wrong("version 1: a byte that is no text");
  if (end == most.npos || end + 1 == most.size()) {
    if (end != most.npos && most[end] == '\n') return Wrong("version 1: the line does not end with CRLF");
    return most.size() < kMaxProxyLine ? NeedMore() : Wrong("version 1: the line is longer than 107 bytes");
  }
  if (most[end] != '\r' || most[end + 1] != '\n') return Wrong("version 1: the line does not end with CRLF");
  return ParseWords(line.substr(kLineStart.size()), end + 2);
}

// --- Version 2

std::uint16_t Read16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[at]) << 8 |
                                    static_cast<std::uint8_t>(bytes[at + 1]));
}

IpAddress ReadIp(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint8_t raw[16] = {};
  for (std::size_t i = 0; i < size; ++i) raw[i] = static_cast<std::uint8_t>(bytes[at + i]);
  if (size == 16) return IpAddress::V6(raw);
  return IpAddress::V4({raw[0], raw[1], raw[2], raw[3]});
}

// What comes first in a body: family and its addresses.
enum class Family : std::uint8_t { kUnspecified, kInet, kInet6, kUnix };

std::size_t AddressBytes(Family family) {
  constexpr std::size_t kBytes[] = {0, 12, 36, 216};
  return kBytes[static_cast<std::size_t>(family)];
}

// Type, length and value each, to the very end.
bool AreExtensions(std::string_view rest) {
  while (!rest.empty()) {
    if (rest.size() < 3) return false;
    std::size_t size = 3 + std::size_t{Read16(rest, 1)};
    if (size > rest.size()) return false;
    rest.remove_prefix(size);
  }
  return true;
}

ProxyHeader ParseBody(std::uint8_t family_byte, std::string_view body, std::size_t consumed) {
  std::uint8_t transport = family_byte & 0x0F;
  if (family_byte >> 4 > 3 || transport > 2) return Wrong("version 2: an unknown address family or transport");
  auto family = static_cast<Family>(family_byte >> 4);
  if (transport == 2) return Wrong("version 2: the transport is datagrams");
  std::size_t addresses = AddressBytes(family);
  if (body.size() < addresses) return Wrong("version 2: shorter than its addresses");
  // What an unspecified family carries is nobody's business.
  if (family == Family::kUnspecified) return Done(consumed);
  if (!AreExtensions(body.substr(addresses))) return Wrong("version 2: an extension does not fit");
  if (family == Family::kUnix || transport == 0) return Done(consumed);
  std::size_t ip = family == Family::kInet ? 4 : 16;
  return Done(consumed, ProxyAddresses{ReadIp(body, 0, ip), Read16(body, 2 * ip), ReadIp(body, ip, ip),
                                       Read16(body, 2 * ip + 2)});
}

ProxyHeader ParseBinary(std::string_view bytes) {
  if (bytes.size() <= kSignature.size()) return NeedMore();
  auto command = static_cast<std::uint8_t>(bytes[12]);
  if (command >> 4 != 2) return Wrong("an unknown version");
  if ((command & 0x0F) > 1) return Wrong("version 2: an unknown command");
  if (bytes.size() < kFixed) return NeedMore();
  std::size_t size = kFixed + Read16(bytes, 14);
  if (size > kMaxProxyHeader) return Wrong("version 2: longer than 536 bytes");
  if (bytes.size() < size) return NeedMore();
  // LOCAL: the receiver discards the rest, the family included.
  if ((command & 0x0F) == 0) return Done(size);
  return ParseBody(static_cast<std::uint8_t>(bytes[13]), bytes.substr(kFixed, size - kFixed), size);
}

// --- Writing

bool BothV4(const ProxyAddresses& addresses) { return addresses.source.is_v4() && addresses.destination.is_v4(); }

std::string V6Text(const IpAddress& ip) { return ip.is_v4() ? StrCat("::ffff:", ip.ToString()) : ip.ToString(); }

std::string WriteLine(const std::optional<ProxyAddresses>& addresses) {
  if (!addresses.has_value()) return "PROXY UNKNOWN\r\n";
  const ProxyAddresses& a = *addresses;
  bool v4 = BothV4(a);
  std::string source = v4 ? a.source.ToString() : V6Text(a.source);
  std::string destination = v4 ? a.destination.ToString() : V6Text(a.destination);
  return StrCat(kLineStart, v4 ? "TCP4 " : "TCP6 ", source, " ", destination, " ", a.source_port, " ",
                a.destination_port, "\r\n");
}

void Append16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

void AppendIp(std::string& out, const IpAddress& ip, bool v4) {
  if (!v4 && ip.is_v4()) out += std::string_view("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);
  out += ip.bytes();
}

std::string WriteBinary(const std::optional<ProxyAddresses>& addresses) {
  std::string out(kSignature);
  if (!addresses.has_value()) {
    out += '\x20';  // LOCAL: nobody knows more than the connection itself says
    out += '\0';
    Append16(out, 0);
    return out;
  }
  bool v4 = BothV4(*addresses);
  out += '\x21';
  out += v4 ? '\x11' : '\x21';
  Append16(out, AddressBytes(v4 ? Family::kInet : Family::kInet6));
  AppendIp(out, addresses->source, v4);
  AppendIp(out, addresses->destination, v4);
  Append16(out, addresses->source_port);
  Append16(out, addresses->destination_port);
  return out;
}

}  // namespace

ProxyHeader ParseProxyHeader(std::string_view bytes) {
  if (bytes.empty()) return NeedMore();
  if (MayStart(bytes, kSignature)) return ParseBinary(bytes);
  if (!MayStart(bytes, kLineStart)) return Wrong("the connection begins with something else");
  return bytes.size() < kLineStart.size() ? NeedMore() : ParseLine(bytes);
}

std::string WriteProxyHeader(ProxyVersion version, const std::optional<ProxyAddresses>& addresses) {
  return version == ProxyVersion::kV1 ? WriteLine(addresses) : WriteBinary(addresses);
}

}  // namespace penstock::io
