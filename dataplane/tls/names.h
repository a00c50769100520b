#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/status.h"
#include "dataplane/tls/lower_case.h"

namespace penstock::tls {

// A subject alternative name, of a certificate or of a rule. Compared whole and as its type says: a DNS name never
// equals a URI. Canonical: DNS names in lower case, addresses as IpAddress writes them.
struct SubjectAltName {
  enum class Type : uint8_t { kDns, kUri, kIp, kEmail };
  Type type = Type::kDns;
  std::string value;
  bool operator==(const SubjectAltName&) const = default;
};

// The names of CERTIFICATE that have one of our types, in its order. An error if one of them holds a NUL: whoever
// compares up to it would see another name (CVE-2009-2408 and its heirs).
StatusOr<std::vector<SubjectAltName>> NamesOf(X509* certificate);

// Is one of WANTED among NAMES?
bool HasOneOf(std::span<const SubjectAltName> names, std::span<const SubjectAltName> wanted);

// Who CERTIFICATE is for: its first URI, else DNS name, else e-mail address, else its subject, as RFC 4514 writes it;
// at most kMaxIdentityBytes of it. Names that have not the form of their type are passed over, so that the text says of
// which type it is.
inline constexpr size_t kMaxIdentityBytes = 512;
std::string IdentityOf(X509* certificate);

}  // namespace penstock::tls
