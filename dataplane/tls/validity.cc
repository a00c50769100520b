#include "dataplane/tls/validity.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <ctime>

namespace penstock::tls {
namespace {

StatusOr<std::chrono::sys_seconds> TimeOf(const ASN1_TIME* time) {
  std::tm parts = {};
  bool read = time != nullptr && ASN1_TIME_to_tm(time, &parts) == 1;
  ERR_clear_error();
  if (!read) return absl::InvalidArgumentError("the certificate does not say when it is valid");
  return std::chrono::sys_seconds(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

StatusOr<Validity> ValidityOf(X509* certificate) {
  ASSIGN_OR_RETURN(std::chrono::sys_seconds from, TimeOf(X509_get0_notBefore(certificate)));
  ASSIGN_OR_RETURN(std::chrono::sys_seconds until, TimeOf(X509_get0_notAfter(certificate)));
  return Validity{.from = from, .until = until};
}

}  // namespace penstock::tls
