#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::snapshot {

// What listeners and clusters say about TLS, checked as far as that needs no cryptography: names only. The objects of
// the TLS library are made while a generation is prepared (dataplane/tls).

enum class TlsVersion : uint8_t { kTls12, kTls13 };

// Compared whole and as its type says; a DNS name never matches a URI. The value is canonical (DNS in lower case).
struct SubjectAltName {
  enum class Type : uint8_t { kDns, kUri, kIp, kEmail };
  Type type = Type::kDns;
  std::string value;
  bool operator==(const SubjectAltName&) const = default;
};

struct ClientValidation {
  std::vector<std::string> ca;                    // Secrets, at least one
  bool optional = false;                          // served without identity if there is no certificate that verifies
  std::vector<SubjectAltName> subject_alt_names;  // one of them; none: every certificate that verifies
  bool operator==(const ClientValidation&) const = default;
};

struct ServerTls {
  std::vector<std::string> certificates;  // Secrets, at least one; the first one stands for unknown server names
  TlsVersion min_version = TlsVersion::kTls12;
  std::vector<std::string> alpn;  // best first; may be empty
  std::optional<ClientValidation> client;
  bool operator==(const ServerTls&) const = default;
};

struct UpstreamTls {
  std::string hostname;                           // server name, lower case
  std::vector<std::string> ca;                    // Secrets
  bool system_ca = false;                         // ca or this
  std::vector<SubjectAltName> subject_alt_names;  // instead of hostname
  std::string client_certificate;                 // a Secret; "" none
  TlsVersion min_version = TlsVersion::kTls12;
  bool operator==(const UpstreamTls&) const = default;
};

}  // namespace penstock::snapshot
