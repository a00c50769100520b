#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/base/ip_address.h"
#include "dataplane/http/message.h"

namespace penstock::http {

// A peer on a Unix socket has no address. As an IpAddress it is 0.0.0.0, which no peer of a network can have, and this
// as text; so a block of trusted proxies can hold it: kUnixPeerBlock alone, or 0.0.0.0/0 with everybody.
inline constexpr std::string_view kUnixPeer = "unix:";
inline constexpr std::string_view kUnixPeerBlock = "0.0.0.0/32";

// Who asks.
struct Client {
  IpAddress address;          // the client, by X-Forwarded-For where the chain is trusted
  bool peer_trusted = false;  // the peer may tell us about the client: its forwarding fields and request id are kept
};

// The client's address: the last element of X-Forwarded-For (all of its fields read as one list) that is not a trusted
// proxy, walking from the peer outwards. An element that is no address ends the walk. TRUSTED: the blocks of addresses
// whose forwarding fields are believed; empty: nobody's. MAX_HOPS: at most so many proxies are walked through, counted
// only inside TRUSTED; 0: no bound.
Client FindClient(const Headers& headers, const IpAddress& peer, std::span<const Cidr> trusted, uint32_t max_hops);

// What the proxy says about itself and the hop before it. Views outlive the Headers that they are written into.
struct HopFacts {
  std::string_view peer;       // the peer's address as text, or kUnixPeer
  std::string_view scheme;     // of the listener
  std::string_view authority;  // canonical, as the client asked for it
  std::string_view port;       // of the listener, decimal; "": it has none, and X-Forwarded-Port is not set
  Version version = Version::kHttp11;
  bool peer_trusted = false;
};

// Sets X-Forwarded-For, -Proto, -Host, -Port and Via. From an untrusted peer all forwarding fields are removed first; a
// trusted peer's Proto, Host and Port are kept, and For, Forwarded (RFC 7239, only where the peer sent one) and Via
// (RFC 9110 7.6.3) are appended to. What has to be joined is written into ARENA.
void WriteForwarding(Headers& headers, const HopFacts& facts, Arena& arena);

// Adds this proxy to the Via of a message that was received with VERSION.
void WriteVia(Headers& headers, Version received, Arena& arena);

// How often this proxy's pseudonym is in Via: more than kMaxLoops means that requests run in circles (508).
constexpr int kMaxLoops = 8;
int CountLoops(const Headers& headers);

}  // namespace penstock::http
