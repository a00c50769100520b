#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace penstock::telemetry {

// Why a TLS handshake failed: the label `cause`.
enum class TlsFailure : uint8_t {
  kTimeout,
  kPeerGone,            // the peer left, or this side stops
  kNotTls,              // something else than TLS came
  kUnrecognizedName,    // no listener serves the server name
  kVersion,             // a protocol version that is off
  kNothingShared,       // no common cipher suite, group or signature scheme
  kAlpn,                // no common application protocol
  kCertificateMissing,  // the client did not show one
  kCertificateRefused,  // the peer's does not verify
  kPeerAlert,           // the peer refuses: mostly it does not trust the certificate
  kProtocol,            // anything else that is against the protocol
  kTooMany,             // given up for newer ones: too many were under way
};
inline constexpr size_t kTlsFailures = 12;
inline constexpr std::array<const char*, kTlsFailures> kTlsFailureNames = {"timeout",
                                                                           "peer_gone",
                                                                           "not_tls",
                                                                           "unrecognized_name",
                                                                           "version",
                                                                           "nothing_shared",
                                                                           "alpn",
                                                                           "certificate_missing",
                                                                           "certificate_refused",
                                                                           "peer_alert",
                                                                           "protocol",
                                                                           "too_many"};

}  // namespace penstock::telemetry
