#include "tools/cli/pki.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "dataplane/base/status.h"
#include "tools/cli/files.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Buffer = std::unique_ptr<BIO, Freer<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

absl::Status OpenSslError(std::string_view doing) {
  char reason[256] = "unknown reason";
  if (unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, reason, sizeof(reason));
  ERR_clear_error();
  return absl::InvalidArgumentError(StrCat(doing, ": ", reason));
}

std::string Contents(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<KeyPair> ToPem(X509* certificate, EVP_PKEY* key) {
  Buffer certificate_pem(BIO_new(BIO_s_mem()));
  Buffer key_pem(BIO_new(BIO_s_mem()));
  bool ok = PEM_write_bio_X509(certificate_pem.get(), certificate) == 1 &&
            PEM_write_bio_PrivateKey(key_pem.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  if (!ok) return OpenSslError("cannot write a certificate");
  return KeyPair{Contents(certificate_pem.get()), Contents(key_pem.get())};
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool SetCommonName(X509_NAME* name, std::string_view text) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool SetRandomSerial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  std::unique_ptr<BIGNUM, Freer<BN_free>> number(BN_bin2bn(bytes, sizeof(bytes), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// Version, serial, dates, subject and public key: what a CA's and a leaf's certificate have in common.
absl::StatusOr<Certificate> Begin(EVP_PKEY* key, std::string_view common_name, absl::Duration lifetime) {
  constexpr long kClockDifference = 300;  // seconds
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kClockDifference);
  long days = absl::ToInt64Hours(lifetime) / 24;
  long seconds = absl::ToInt64Seconds(lifetime - absl::Hours(24) * days);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), static_cast<int>(days), seconds, nullptr);
  bool ok = SetRandomSerial(certificate.get()) &&
            SetCommonName(X509_get_subject_name(certificate.get()), common_name) &&
            X509_set_pubkey(certificate.get(), key) == 1;
  if (!ok) return OpenSslError("cannot make a certificate");
  return certificate;
}

std::string AlternativeNames(const Identity& identity) {
  std::string names = StrCat("URI:", identity.uri);
  for (const std::string& host : identity.hosts) {
    bool address = host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos;
    StrAppend(&names, address ? ",IP:" : ",DNS:", host);
  }
  return names;
}

absl::Status CheckHosts(const std::vector<std::string>& hosts) {
  for (const std::string& host : hosts) {
    bool plain =
        !host.empty() && host.size() < 254 &&
        std::all_of(
            host.begin(), host.end(),
            [](unsigned char c) { return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == ':' || c == '*'; });
    if (!plain) return absl::InvalidArgumentError(StrCat("\"", host, "\" is neither a host name nor an IP address"));
  }
  return absl::OkStatus();
}

}  // namespace

Identity ControlPlaneIdentity(std::vector<std::string> hosts) {
  return {"spiffe://penstock/controlplane", std::move(hosts)};
}
Identity DataPlaneIdentity(std::string_view id) { return {StrCat("spiffe://penstock/dataplane/", id), {}}; }
Identity OperatorIdentity(std::string_view name) { return {StrCat("spiffe://penstock/operator/", name), {}}; }

bool IsPlainName(std::string_view name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

absl::StatusOr<KeyPair> MakeCa(std::string_view common_name, absl::Duration lifetime) {
  Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return OpenSslError("cannot make a key");
  ASSIGN_OR_RETURN(Certificate ca, Begin(key.get(), common_name, lifetime));
  bool ok = X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get())) == 1 &&
            AddExtension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
            AddExtension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
            AddExtension(ca.get(), ca.get(), NID_subject_key_identifier, "hash") &&
            X509_sign(ca.get(), key.get(), EVP_sha256()) > 0;
  if (!ok) return OpenSslError("cannot make a CA");
  return ToPem(ca.get(), key.get());
}

absl::StatusOr<KeyPair> Issue(const KeyPair& ca, const Identity& identity, absl::Duration lifetime) {
  RETURN_IF_ERROR(CheckHosts(identity.hosts));
  Buffer ca_pem(BIO_new_mem_buf(ca.certificate.data(), static_cast<int>(ca.certificate.size())));
  Buffer ca_key_pem(BIO_new_mem_buf(ca.key.data(), static_cast<int>(ca.key.size())));
  Certificate issuer(PEM_read_bio_X509(ca_pem.get(), nullptr, nullptr, nullptr));
  if (issuer == nullptr) return OpenSslError("the CA's certificate cannot be read");
  Key issuer_key(PEM_read_bio_PrivateKey(ca_key_pem.get(), nullptr, nullptr, nullptr));
  if (issuer_key == nullptr) return OpenSslError("the CA's key cannot be read");
  if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1)
    return OpenSslError("the CA's key is not that of its certificate");
  Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return OpenSslError("cannot make a key");
  std::string_view common_name = std::string_view(identity.uri).substr(identity.uri.find("penstock/") + 9);
  ASSIGN_OR_RETURN(Certificate leaf, Begin(key.get(), common_name, lifetime));
  X509* x = leaf.get();
  bool ok = X509_set_issuer_name(x, X509_get_subject_name(issuer.get())) == 1 &&
            AddExtension(x, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
            AddExtension(x, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
            AddExtension(x, issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth") &&
            AddExtension(x, issuer.get(), NID_subject_key_identifier, "hash") &&
            AddExtension(x, issuer.get(), NID_authority_key_identifier, "keyid") &&
            AddExtension(x, issuer.get(), NID_subject_alt_name, AlternativeNames(identity)) &&
            X509_sign(x, issuer_key.get(), EVP_sha256()) > 0;
  if (!ok) return OpenSslError("cannot issue a certificate");
  return ToPem(x, key.get());
}

absl::StatusOr<KeyPair> LoadCa(const std::string& folder) {
  KeyPair ca;
  absl::StatusOr<std::string> certificate = ReadFile(folder + "/ca.crt");
  if (absl::IsNotFound(certificate.status())) {
    return absl::InvalidArgumentError(StrCat("there is no CA in ", folder, "; make one: penstock cert init ", folder));
  }
  if (!certificate.ok()) return certificate.status();
  ca.certificate = *std::move(certificate);
  absl::StatusOr<std::string> key = ReadFile(folder + "/ca.key");
  if (!key.ok()) return absl::InvalidArgumentError(key.status().message());
  ca.key = *std::move(key);
  return ca;
}

absl::Status WriteKeyPair(const std::string& folder, std::string_view name, const KeyPair& pair) {
  RETURN_IF_ERROR(WriteFileAtomically(StrCat(folder, "/", name, ".key"), pair.key));
  return WriteFileAtomically(StrCat(folder, "/", name, ".crt"), pair.certificate);
}

}  // namespace penstock::cli
