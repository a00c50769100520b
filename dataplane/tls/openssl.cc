#include "dataplane/tls/openssl.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "dataplane/base/check.h"

namespace penstock::tls {

void OpensslFree::operator()(BIO* object) const { BIO_free_all(object); }
void OpensslFree::operator()(EVP_CIPHER* object) const { EVP_CIPHER_free(object); }
void OpensslFree::operator()(EVP_MD* object) const { EVP_MD_free(object); }
void OpensslFree::operator()(EVP_PKEY* object) const { EVP_PKEY_free(object); }
void OpensslFree::operator()(SSL* object) const { SSL_free(object); }
void OpensslFree::operator()(SSL_CTX* object) const { SSL_CTX_free(object); }
void OpensslFree::operator()(SSL_SESSION* object) const { SSL_SESSION_free(object); }
void OpensslFree::operator()(X509* object) const { X509_free(object); }
void OpensslFree::operator()(X509_STORE* object) const { X509_STORE_free(object); }
void OpensslFree::operator()(X509_STORE_CTX* object) const { X509_STORE_CTX_free(object); }
void OpensslFree::operator()(stack_st_X509* object) const { sk_X509_pop_free(object, X509_free); }

BioPtr ReadingFrom(std::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string TakeOpensslError() {
  unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown error";
}

std::string DerOf(X509* certificate) {
  unsigned char* bytes = nullptr;
  int size = i2d_X509(certificate, &bytes);
  PENSTOCK_CHECK(size > 0, "a certificate that was read can be written");
  std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

Fingerprint& Fingerprint::Add(std::string_view piece) {
  bytes_ += StrCat(piece.size(), ":", piece);
  return *this;
}

std::string Fingerprint::Take() {
  std::string digest(32, '\0');
  size_t size = 0;
  int done = EVP_Q_digest(nullptr, "SHA256", nullptr, bytes_.data(), bytes_.size(),
                          reinterpret_cast<unsigned char*>(digest.data()), &size);
  PENSTOCK_CHECK(done == 1 && size == digest.size(), "SHA-256 is always there");
  return digest;
}

}  // namespace penstock::tls
