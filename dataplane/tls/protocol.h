#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/tls/openssl.h"

namespace penstock::tls {

enum class Version : uint8_t { kTls12, kTls13 };
enum class Side : uint8_t { kServer, kClient };

// A context with the protocol that both sides speak, and nothing else in it: TLS 1.2 from MIN on and 1.3; ECDHE and
// AEAD only; X25519 and the NIST curves; no compression, no renegotiation, no early data, no session kept inside.
StatusOr<SslContextPtr> MakeContext(Side side, Version min);

// PROTOCOLS as ALPN writes them (RFC 7301 3.1). REQUIRES: each has 1 to 255 bytes.
std::string AlpnBytes(const std::vector<std::string>& protocols);

// The peer's certificate is within its dates now: a session that is resumed is not verified again.
bool WithinDates(X509* certificate);

}  // namespace penstock::tls
