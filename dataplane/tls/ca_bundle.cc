#include "dataplane/tls/ca_bundle.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <fstream>
#include <iterator>

namespace penstock::tls {
StatusOr<std::shared_ptr<const CaBundle>> CaBundle::Parse(std::string_view pem) {
  std::shared_ptr<CaBundle> bundle(new CaBundle);
  ASSIGN_OR_RETURN(bundle->certificates_, ReadCertificates(pem, kMaxCertificates));
  Fingerprint fingerprint;
  for (const CertificatePtr& certificate : bundle->certificates_) fingerprint.Add(DerOf(certificate.get()));
  bundle->fingerprint_ = fingerprint.Take();
  return bundle;
}

StatusOr<std::shared_ptr<const CaBundle>> CaBundle::System(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return absl::NotFoundError(StrCat("cannot read ", file));
  std::string pem{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  StatusOr<std::shared_ptr<const CaBundle>> bundle = Parse(pem);
  RETURN_IF_ERROR(bundle) << file;
  return bundle;
}

StorePtr MakeStore(const CaBundles& bundles) {
  StorePtr store(X509_STORE_new());
  for (const std::shared_ptr<const CaBundle>& bundle : bundles) {
    for (const CertificatePtr& certificate : bundle->certificates())
      X509_STORE_add_cert(store.get(), certificate.get());
  }
  ERR_clear_error();
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

}  // namespace penstock::tls
