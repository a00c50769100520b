#include "dataplane/http/forwarded.h"

#include <cstring>

#include "dataplane/base/ascii.h"

namespace penstock::http {
namespace {

// By http::Version: the protocol's version and our pseudonym (RFC 9110 7.6.3).
constexpr std::string_view kVia[] = {"1.0 penstock", "1.1 penstock", "2 penstock"};
constexpr std::string_view kPseudonym = "penstock";

// Appends ELEMENT to all values of ID as one list (RFC 9110 5.3).
void AppendElement(Headers& headers, HeaderId id, std::string_view element, Arena& arena) {
  if (!headers.Has(id)) {
    headers.Add(id, element);
    return;
  }
  size_t size = element.size();
  for (const Field& field : headers) {
    if (field.id() == id && !field.value().empty()) size += field.value().size() + 2;
  }
  char* begin = arena.Allocate(size);
  char* out = begin;
  for (const Field& field : headers) {
    if (field.id() != id || field.value().empty()) continue;
    std::memcpy(out, field.value().data(), field.value().size());
    out += field.value().size();
    *out++ = ',';
    *out++ = ' ';
  }
  std::memcpy(out, element.data(), element.size());
  headers.Set(id, std::string_view(begin, size));
}

void SetIfMissing(Headers& headers, HeaderId id, std::string_view value) {
  if (!headers.Has(id)) headers.Add(id, value);
}

std::string_view ForwardedElement(const HopFacts& facts, Arena& arena) {
  std::string_view peer = facts.peer == kUnixPeer ? "unknown" : facts.peer;  // RFC 7239 6.2
  bool v6 = peer.find(':') != peer.npos;
  return arena.Concat(
      {"for=", v6 ? "\"[" : "", peer, v6 ? "]\"" : "", ";host=\"", facts.authority, "\";proto=", facts.scheme});
}

StatusOr<IpAddress> ParseNode(std::string_view element) {
  if (element.starts_with('[')) return IpAddress::Parse(element.substr(1, element.find(']') - 1));
  size_t colon = element.find(':');
  // "192.0.2.1:4711" has one colon, an IPv6 address has more.
  bool with_port = colon != element.npos && element.find(':', colon + 1) == element.npos;
  return IpAddress::Parse(with_port ? element.substr(0, colon) : element);
}

bool IsTrusted(std::span<const Cidr> trusted, const IpAddress& address) {
  for (const Cidr& range : trusted) {
    if (range.Contains(address)) return true;
  }
  return false;
}

// Takes the last element off LIST.
std::string_view PopLast(std::string_view& list) {
  size_t comma = list.rfind(',');
  std::string_view item = comma == list.npos ? list : list.substr(comma + 1);
  list = comma == list.npos ? std::string_view() : list.substr(0, comma);
  return WithoutBlanks(item);
}

}  // namespace

Client FindClient(const Headers& headers, const IpAddress& peer, std::span<const Cidr> trusted, uint32_t max_hops) {
  Client client{.address = peer, .peer_trusted = IsTrusted(trusted, peer)};
  if (!client.peer_trusted) return client;
  uint32_t hops = 1;
  for (size_t i = headers.size(); i-- > 0;) {
    if (headers[i].id() != HeaderId::kXForwardedFor) continue;
    std::string_view list = headers[i].value();
    while (!list.empty()) {
      std::string_view element = PopLast(list);
      if (element.empty()) continue;
      StatusOr<IpAddress> address = ParseNode(element);
      if (!address.ok()) return client;
      client.address = *address;
      if (!IsTrusted(trusted, *address)) return client;
      if (max_hops != 0 && hops >= max_hops) return client;
      ++hops;
    }
  }
  return client;
}

void WriteForwarding(Headers& headers, const HopFacts& facts, Arena& arena) {
  if (!facts.peer_trusted) {
    headers.RemoveIf([](const Field& field) { return field.flags() & kForwarding; });
  } else if (headers.Has(HeaderId::kForwarded)) {
    AppendElement(headers, HeaderId::kForwarded, ForwardedElement(facts, arena), arena);
  }
  if (facts.peer != kUnixPeer) AppendElement(headers, HeaderId::kXForwardedFor, facts.peer, arena);
  SetIfMissing(headers, HeaderId::kXForwardedProto, facts.scheme);
  SetIfMissing(headers, HeaderId::kXForwardedHost, facts.authority);
  if (!facts.port.empty()) SetIfMissing(headers, HeaderId::kXForwardedPort, facts.port);
  WriteVia(headers, facts.version, arena);
}

void WriteVia(Headers& headers, Version received, Arena& arena) {
  AppendElement(headers, HeaderId::kVia, kVia[static_cast<size_t>(received)], arena);
}

int CountLoops(const Headers& headers) {
  int loops = 0;
  if (!headers.Has(HeaderId::kVia)) return loops;
  for (const Field& field : headers) {
    if (field.id() != HeaderId::kVia) continue;
    ForEachListItem(field.value(), [&loops](std::string_view item) {
      loops += item.ends_with(kPseudonym);
      return true;
    });
  }
  return loops;
}

}  // namespace penstock::http
