#include "dataplane/tls/names.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "absl/strings/ascii.h"
#include "dataplane/base/ip_address.h"
#include "dataplane/tls/openssl.h"

namespace penstock::tls {
namespace {

using Type = SubjectAltName::Type;

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

std::string_view Bytes(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<size_t>(ASN1_STRING_length(text))};
}

// nullopt if it has neither 4 nor 16 bytes.
std::optional<std::string> AddressText(std::string_view bytes) {
  uint8_t v4[4];
  uint8_t v6[16];
  if (bytes.size() == sizeof v4) {
    std::memcpy(v4, bytes.data(), sizeof v4);
    return IpAddress::V4(v4).ToString();
  }
  if (bytes.size() != sizeof v6) return std::nullopt;
  std::memcpy(v6, bytes.data(), sizeof v6);
  return IpAddress::V6(v6).ToString();
}

std::optional<SubjectAltName> Read(const GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DNS:
      return SubjectAltName{Type::kDns, LowerCase(Bytes(name->d.dNSName))};
    case GEN_URI:
      return SubjectAltName{Type::kUri, std::string(Bytes(name->d.uniformResourceIdentifier))};
    case GEN_EMAIL:
      return SubjectAltName{Type::kEmail, std::string(Bytes(name->d.rfc822Name))};
    case GEN_IPADD: {
      std::optional<std::string> address = AddressText(Bytes(name->d.iPAddress));
      if (!address.has_value()) return std::nullopt;
      return SubjectAltName{Type::kIp, *std::move(address)};
    }
    default:
      return std::nullopt;
  }
}

// Has NAME the form of its type, and of no other one? Identities are compared as text: a CA that writes whatever it is
// asked for into DNS names must not make a URI of one. A subject has a "=" before any ":".
bool HasFormOfItsType(const SubjectAltName& name) {
  std::string_view text = name.value;
  switch (name.type) {
    case Type::kUri: {  // RFC 3986 3.1
      std::string_view scheme = text.substr(0, text.find(':'));
      return scheme.size() < text.size() && !scheme.empty() &&
             absl::ascii_isalpha(static_cast<unsigned char>(scheme[0])) &&
             std::all_of(
                 scheme.begin(), scheme.end(),
                 [](unsigned char c) { return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.'; });
    }
    case Type::kDns:
      return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '*';
      });
    case Type::kEmail:
      return text.find('@') != std::string_view::npos && text.find_first_of(":=") == std::string_view::npos;
    case Type::kIp:
      return false;
  }
  return false;
}

std::string SubjectOf(X509* certificate) {
  BioPtr text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<size_t>(size)};
}

}  // namespace

StatusOr<std::vector<SubjectAltName>> NamesOf(X509* certificate) {
  int critical = -1;
  std::unique_ptr<GENERAL_NAMES, FreeNames> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
  std::vector<SubjectAltName> names;
  if (all == nullptr) {
    // -1: there are none; else they are there and cannot be read, or are there twice.
    if (critical == -1) return names;
    return absl::InvalidArgumentError("the names of the certificate cannot be read");
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    std::optional<SubjectAltName> name = Read(sk_GENERAL_NAME_value(all.get(), i));
    if (!name.has_value()) continue;
    if (name->value.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError("a name of the certificate holds a NUL");
    }
    names.push_back(*std::move(name));
  }
  return names;
}

bool HasOneOf(std::span<const SubjectAltName> names, std::span<const SubjectAltName> wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [names](const SubjectAltName& one) {
    return std::find(names.begin(), names.end(), one) != names.end();
  });
}

std::string IdentityOf(X509* certificate) {
  StatusOr<std::vector<SubjectAltName>> names = NamesOf(certificate);
  if (!names.ok()) return "";
  for (Type type : {Type::kUri, Type::kDns, Type::kEmail}) {
    for (const SubjectAltName& name : *names) {
      if (name.type == type && HasFormOfItsType(name)) return name.value.substr(0, kMaxIdentityBytes);
    }
  }
  return SubjectOf(certificate).substr(0, kMaxIdentityBytes);
}

}  // namespace penstock::tls
