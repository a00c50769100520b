// The objects of OpenSSL's libcrypto with owners.
#pragma once

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <string_view>

#include "dataplane/jose/algorithm.h"

namespace penstock::jose {

template <auto kFree>
struct Freer {
  void operator()(auto* object) const { kFree(object); }
};
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using DigestPtr = std::unique_ptr<EVP_MD, Freer<EVP_MD_free>>;
using EcdsaSignaturePtr = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using MacContextPtr = std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>>;
using MacPtr = std::unique_ptr<EVP_MAC, Freer<EVP_MAC_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using ParamBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;

// What fails below it is answered with a value: it leaves OpenSSL's queue of errors, which is the thread's and which
// others read, as it found it.
class ErrorsStayHere {
 public:
  ErrorsStayHere() { ERR_set_mark(); }
  ~ErrorsStayHere() { ERR_pop_to_mark(); }
  ErrorsStayHere(const ErrorsStayHere&) = delete;
  ErrorsStayHere& operator=(const ErrorsStayHere&) = delete;
};

inline const unsigned char* BytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

inline const char* OpensslName(Hash hash) {
  constexpr const char* kNames[] = {"SHA256", "SHA384", "SHA512"};
  return kNames[static_cast<std::size_t>(hash)];
}

}  // namespace penstock::jose
