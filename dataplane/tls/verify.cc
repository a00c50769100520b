#include "dataplane/tls/verify.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace penstock::tls {

bool VerifyPeer(X509_STORE_CTX* store, const std::vector<SubjectAltName>& wanted) {
  if (X509_verify_cert(store) != 1) {
    // Should it fail without a reason, it must still not look as if it had not.
    if (X509_STORE_CTX_get_error(store) == X509_V_OK) X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
    return false;
  }
  StatusOr<std::vector<SubjectAltName>> names = NamesOf(X509_STORE_CTX_get0_cert(store));
  if (!names.ok()) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_INVALID_EXTENSION);
    return false;
  }
  if (wanted.empty() || HasOneOf(*names, wanted)) return true;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return false;
}

const char* VerifyErrorText(long code) {
  if (code == X509_V_ERR_APPLICATION_VERIFICATION) return "the certificate has none of the names that are allowed";
  return X509_verify_cert_error_string(code);
}

}  // namespace penstock::tls
