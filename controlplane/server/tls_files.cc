#include "controlplane/server/tls_files.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string_view>

#include "dataplane/base/key_pair.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::server {
namespace {

constexpr unsigned kReloadSeconds = 1;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

std::string OpenSslReason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "not PEM" : reason;
}

absl::Status Bad(std::string_view flag, const std::string& path, std::string_view why) {
  return absl::InvalidArgumentError(StrCat(flag, " ", path.empty() ? "\"\"" : path, ": ", why));
}

absl::StatusOr<Bio> Open(std::string_view flag, const std::string& path) {
  if (path.empty())
    return Bad(flag, path, "not given: the control plane speaks mTLS only (`penstock up` makes certificates)");
  Bio bio(BIO_new_file(path.c_str(), "r"));
  if (bio == nullptr) return Bad(flag, path, "cannot be read: " + OpenSslReason());
  return bio;
}

absl::StatusOr<Certificate> ReadCertificate(std::string_view flag, const std::string& path) {
  ASSIGN_OR_RETURN(Bio bio, Open(flag, path));
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return Bad(flag, path, "holds no certificate: " + OpenSslReason());
  return certificate;
}

// A key that needs a passphrase would ask for it on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

absl::StatusOr<Key> ReadKey(const std::string& path) {
  ASSIGN_OR_RETURN(Bio bio, Open("--tls-key", path));
  const absl::Status hidden = CheckPrivate(path);
  if (!hidden.ok()) return Bad("--tls-key", path, std::string(hidden.message()));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return Bad("--tls-key", path, "holds no private key without a passphrase: " + OpenSslReason());
  return key;
}

bool HasUri(X509* certificate, std::string_view uri) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  bool found = false;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    const std::string_view value(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                 static_cast<size_t>(ASN1_STRING_length(text)));
    found |= value == uri;
  }
  GENERAL_NAMES_free(names);
  return found;
}

}  // namespace

absl::Status CheckTlsFiles(const TlsFiles& files) {
  ASSIGN_OR_RETURN(Certificate certificate, ReadCertificate("--tls-cert", files.cert));
  ASSIGN_OR_RETURN(Key key, ReadKey(files.key));
  ASSIGN_OR_RETURN(Certificate authority, ReadCertificate("--tls-ca", files.ca));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return Bad("--tls-key", files.key, StrCat("does not belong to the certificate in ", files.cert));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    return Bad("--tls-cert", files.cert, "has expired: issue a new one");
  }
  if (!HasUri(certificate.get(), kIdentityUri)) {
    return Bad("--tls-cert", files.cert,
               StrCat("lacks the URI name ", kIdentityUri,
                      ", so no data plane would accept it: issue one for a control plane"));
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> MakeCredentials(const TlsFiles& files) {
  auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(files.key, files.cert, files.ca,
                                                                                       kReloadSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace penstock::server
