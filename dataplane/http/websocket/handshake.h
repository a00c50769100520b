#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::http::websocket {

// The opening handshake of HTTP/1.1 (RFC 6455 4). HTTP/2 has none (RFC 8441 5.1): a proxy between the two makes it for
// the side that has one.

inline constexpr std::string_view kKeyField = "sec-websocket-key";
inline constexpr std::string_view kAcceptField = "sec-websocket-accept";
inline constexpr size_t kKeySize = 24;
inline constexpr size_t kAcceptSize = 28;

// What a client says: 16 bytes of RANDOM, which are sent once.
std::array<char, kKeySize> KeyOf(const std::array<uint64_t, 2>& random);

// What a server answers to KEY, whatever that is.
std::array<char, kAcceptSize> AcceptOf(std::string_view key);

}  // namespace penstock::http::websocket
