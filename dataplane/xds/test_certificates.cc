#include "dataplane/xds/test_certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace penstock::xds {

struct TestCa::Keys {
  EVP_PKEY* key;
  X509* cert;
};

namespace {

template <typename Write>
std::string ToPem(Write write) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  write(bio.get());
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string KeyPem(EVP_PKEY* key) {
  return ToPem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string CertPem(X509* cert) {
  return ToPem([&](BIO* bio) { PEM_write_bio_X509(bio, cert); });
}

void AddExtension(X509* cert, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* MakeCert(EVP_PKEY* key, const char* name, const X509* issuer, EVP_PKEY* issuer_key, bool is_ca,
               const std::string& uri) {
  constexpr long kHour = 3600;
  static long serial = 1;
  X509* cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
  X509_gmtime_adj(X509_getm_notBefore(cert), -kHour);
  X509_gmtime_adj(X509_getm_notAfter(cert), kHour);
  X509_set_pubkey(cert, key);
  X509_NAME* subject = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(cert, issuer != nullptr ? X509_get_subject_name(issuer) : subject);
  AddExtension(cert, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!uri.empty()) AddExtension(cert, NID_subject_alt_name, "URI:" + uri);
  X509_sign(cert, issuer_key, EVP_sha256());
  return cert;
}

}  // namespace

TestCa::TestCa() : keys_(new Keys) {
  keys_->key = EVP_EC_gen("P-256");
  keys_->cert = MakeCert(keys_->key, "test CA", nullptr, keys_->key, true, "");
  cert_ = CertPem(keys_->cert);
}

TestCa::~TestCa() {
  X509_free(keys_->cert);
  EVP_PKEY_free(keys_->key);
  delete keys_;
}

TestCertificate TestCa::Issue(const std::string& uri) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* cert = MakeCert(key, "test", keys_->cert, keys_->key, false, uri);
  TestCertificate issued{CertPem(cert), KeyPem(key)};
  X509_free(cert);
  EVP_PKEY_free(key);
  return issued;
}

}  // namespace penstock::xds
