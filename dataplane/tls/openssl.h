// The objects of OpenSSL with owners, and its errors as text. Headers of this room name OpenSSL's types and include
// none of its functions.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"

typedef struct ssl_session_st SSL_SESSION;  // types.h has not got it
struct stack_st_X509;

namespace penstock::tls {

struct OpensslFree {
  void operator()(BIO* object) const;
  void operator()(EVP_CIPHER* object) const;
  void operator()(EVP_MD* object) const;
  void operator()(EVP_PKEY* object) const;
  void operator()(SSL* object) const;
  void operator()(SSL_CTX* object) const;
  void operator()(SSL_SESSION* object) const;
  void operator()(X509* object) const;
  void operator()(X509_STORE* object) const;
  void operator()(X509_STORE_CTX* object) const;
  void operator()(stack_st_X509* object) const;
};

using BioPtr = std::unique_ptr<BIO, OpensslFree>;
using CipherPtr = std::unique_ptr<EVP_CIPHER, OpensslFree>;
using DigestPtr = std::unique_ptr<EVP_MD, OpensslFree>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree>;
using SslPtr = std::unique_ptr<SSL, OpensslFree>;
using SslContextPtr = std::unique_ptr<SSL_CTX, OpensslFree>;
using SessionPtr = std::unique_ptr<SSL_SESSION, OpensslFree>;
using CertificatePtr = std::unique_ptr<X509, OpensslFree>;
using CertificateStackPtr = std::unique_ptr<stack_st_X509, OpensslFree>;
using StorePtr = std::unique_ptr<X509_STORE, OpensslFree>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpensslFree>;

// BYTES to read from; they must outlive it.
BioPtr ReadingFrom(std::string_view bytes);

// What OpenSSL says about its last failure on this thread; its queue is empty then. OpenSSL's own words only: nothing
// of what was being read.
std::string TakeOpensslError();

// CERTIFICATE's bytes.
std::string DerOf(X509* certificate);

// SHA-256 of what it was given, piece by piece; the borders between pieces count.
class Fingerprint {
 public:
  Fingerprint& Add(std::string_view piece);
  // 32 bytes.
  std::string Take();

 private:
  std::string bytes_;
};

}  // namespace penstock::tls
