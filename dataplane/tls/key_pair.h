#pragma once

#include <openssl/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/tls/names.h"
#include "dataplane/tls/openssl.h"

namespace penstock::tls {

// Certificates as a PEM text holds them, in its order. At least one and at most MOST.
using Certificates = std::vector<CertificatePtr>;
StatusOr<Certificates> ReadCertificates(std::string_view pem, size_t most);

// No byte of it is in an error. A key with a passphrase is refused: nobody is there to be asked for it.
StatusOr<KeyPtr> ReadPrivateKey(std::string_view pem);

// A certificate with its issuers and its key: what one side shows in a handshake. Immutable; any thread.
class KeyPair {
 public:
  static constexpr size_t kMaxChain = 16;

  // How well a certificate fits a server name.
  enum class Fit : uint8_t { kExact, kWildcard, kNone };

  // CHAIN begins with the certificate of KEY. Refused: a key that belongs to another certificate, one that is too weak
  // (RSA below 2048 bits), and one of a kind that is not served (other than RSA, ECDSA with P-256, P-384 or P-521, and
  // Ed25519).
  static StatusOr<std::shared_ptr<const KeyPair>> Make(Certificates chain, KeyPtr key);

  // SERVER_NAME in lower case. A wildcard stands for exactly one label.
  Fit FitTo(std::string_view server_name) const { return FitOf(dns_names_, server_name); }
  static Fit FitOf(const std::vector<std::string>& dns_names, std::string_view server_name);

  // The signature schemes (RFC 8446 4.2.3) that the key can make, for TLS 1.3 or for TLS 1.2.
  const std::vector<uint16_t>& schemes(bool tls13) const { return tls13 ? schemes13_ : schemes12_; }
  // TLS 1.2: authenticates by RSA; else by ECDSA.
  bool rsa() const { return rsa_; }
  // Until when it is good: the certificate, or one of its issuers that is shown with it, ends then.
  std::chrono::sys_seconds until() const { return until_; }
  // Of the certificate.
  const std::vector<std::string>& dns_names() const { return dns_names_; }
  const std::string& fingerprint() const { return fingerprint_; }

  // Shows it from now on, for all handshakes of a context, or for one handshake.
  Status UseIn(SSL_CTX* context) const;
  bool UseIn(SSL* ssl) const;

 private:
  KeyPair() = default;
  Status LearnKind();

  CertificatePtr certificate_;
  CertificateStackPtr issuers_;  // without the certificate itself
  KeyPtr key_;
  std::vector<std::string> dns_names_;
  std::string fingerprint_;
  std::chrono::sys_seconds until_ = std::chrono::sys_seconds::max();
  std::vector<uint16_t> schemes13_;
  std::vector<uint16_t> schemes12_;
  bool rsa_ = false;
};

}  // namespace penstock::tls
