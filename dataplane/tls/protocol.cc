#include "dataplane/tls/protocol.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "dataplane/base/check.h"

namespace penstock::tls {
namespace {

constexpr char kCiphers12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char kCiphers13[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr char kGroups[] = "X25519:P-256:P-384:P-521";
// RFC 8446 4.2.3, without SHA-1 and DSA.
constexpr char kSignatures[] =
    "ECDSA+SHA256:ed25519:RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:RSA+SHA384:"
    "ECDSA+SHA512:RSA-PSS+SHA512:RSA+SHA512";
// 112 bits: RSA and DH from 2048 bits, elliptic curves from 224, no SHA-1, in certificates too.
constexpr int kSecurityLevel = 2;
constexpr int kMaxVerifyDepth = 8;
constexpr long kMaxPeerChainBytes = 64 << 10;

// Chacha20 first only for clients that prefer it: those without AES in hardware.
constexpr uint64_t kOptions = SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_COMPRESSION |
                              SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION;
// A connection that waits keeps no buffer.
constexpr long kModes = SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY;

}  // namespace

StatusOr<SslContextPtr> MakeContext(Side side, Version min) {
  SslContextPtr context(SSL_CTX_new(side == Side::kServer ? TLS_server_method() : TLS_client_method()));
  PENSTOCK_CHECK(context != nullptr, "OpenSSL makes contexts");
  SSL_CTX* raw = context.get();
  SSL_CTX_set_security_level(raw, kSecurityLevel);
  SSL_CTX_set_options(raw, kOptions);
  SSL_CTX_set_mode(raw, kModes);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify_depth(raw, kMaxVerifyDepth);
  SSL_CTX_set_max_cert_list(raw, kMaxPeerChainBytes);
  SSL_CTX_set_max_early_data(raw, 0);
  SSL_CTX_set_recv_max_early_data(raw, 0);
  bool done = SSL_CTX_set_min_proto_version(raw, min == Version::kTls13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
              SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION) == 1 &&
              SSL_CTX_set_cipher_list(raw, kCiphers12) == 1 && SSL_CTX_set_ciphersuites(raw, kCiphers13) == 1 &&
              SSL_CTX_set1_groups_list(raw, kGroups) == 1 && SSL_CTX_set1_sigalgs_list(raw, kSignatures) == 1;
  if (!done) return absl::InternalError(TakeOpensslError());
  return context;
}

std::string AlpnBytes(const std::vector<std::string>& protocols) {
  std::string bytes;
  for (const std::string& protocol : protocols) {
    PENSTOCK_CHECK(!protocol.empty() && protocol.size() < 256, "a protocol of ALPN has 1 to 255 bytes");
    bytes += static_cast<char>(protocol.size());
    bytes += protocol;
  }
  return bytes;
}

bool WithinDates(X509* certificate) {
  return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
         X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

}  // namespace penstock::tls
