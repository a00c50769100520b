#include "dataplane/jose/verifier.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include <array>

#include "dataplane/base/check.h"
#include "dataplane/base/strings.h"
#include "dataplane/jose/openssl.h"

namespace penstock::jose {
namespace {

Status Wrong(std::string_view why) { return absl::InvalidArgumentError(ToAbsl(why)); }

NumberPtr NumberOf(std::string_view bytes) {
  return NumberPtr(BN_bin2bn(BytesOf(bytes), static_cast<int>(bytes.size()), nullptr));
}

// Fetched once: naming a hash at every call makes OpenSSL look it up at every call.
DigestPtr FetchDigest(Hash hash) {
  DigestPtr digest(EVP_MD_fetch(nullptr, OpensslName(hash), nullptr));
  PENSTOCK_CHECK(digest != nullptr, "OpenSSL has every SHA-2");
  return digest;
}

// Null: the parameters are no public key of TYPE.
KeyPtr MakeKey(const char* type, OSSL_PARAM* params) {
  KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) return nullptr;
  return KeyPtr(key);
}

// DIGEST is null for EdDSA. PSS: MGF1 with the same hash, and a salt as long as it (RFC 7518 3.5).
bool VerifyWith(EVP_PKEY* key, const EVP_MD* digest, bool pss, std::string_view input, std::string_view signature) {
  DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  if (EVP_DigestVerifyInit(context.get(), &options, digest, nullptr, key) != 1) return false;
  if (pss && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
              EVP_PKEY_CTX_set_rsa_mgf1_md(options, digest) != 1 ||
              EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), BytesOf(signature), signature.size(), BytesOf(input), input.size()) == 1;
}

class Rsa final : public Verifier {
 public:
  explicit Rsa(KeyPtr key)
      : key_(std::move(key)),
        digests_{FetchDigest(Hash::kSha256), FetchDigest(Hash::kSha384), FetchDigest(Hash::kSha512)} {}

  AlgorithmSet algorithms() const override {
    return {Algorithm::kRs256, Algorithm::kRs384, Algorithm::kRs512,
            Algorithm::kPs256, Algorithm::kPs384, Algorithm::kPs512};
  }
  std::string Describe() const override { return StrCat("RSA ", EVP_PKEY_get_bits(key_.get())); }

  bool Verify(Algorithm algorithm, std::string_view input, std::string_view signature) const override {
    // RFC 8017 8.1.2, 8.2.2: exactly as long as the modulus.
    if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()))) return false;
    const AlgorithmRow& row = RowOf(algorithm);
    const EVP_MD* digest = digests_[static_cast<std::size_t>(row.hash)].get();
    return VerifyWith(key_.get(), digest, row.family == Family::kRsaPss, input, signature);
  }

 private:
  KeyPtr key_;
  std::array<DigestPtr, kHashes> digests_;
};

struct Curve {
  const char* name;
  Algorithm algorithm;
  std::size_t bytes;  // of a coordinate, and of r and s
};
constexpr Curve kCurves[] = {
    {"P-256", Algorithm::kEs256, 32}, {"P-384", Algorithm::kEs384, 48}, {"P-521", Algorithm::kEs512, 66}};

class Ec final : public Verifier {
 public:
  Ec(const Curve& curve, KeyPtr key, NumberPtr order)
      : curve_(curve),
        key_(std::move(key)),
        order_(std::move(order)),
        digest_(FetchDigest(RowOf(curve.algorithm).hash)) {}

  AlgorithmSet algorithms() const override { return {curve_.algorithm}; }
  std::string Describe() const override { return StrCat("EC ", curve_.name); }

  bool Verify(Algorithm, std::string_view input, std::string_view signature) const override {
    if (signature.size() != 2 * curve_.bytes) return false;
    NumberPtr r = NumberOf(signature.substr(0, curve_.bytes));
    NumberPtr s = NumberOf(signature.substr(curve_.bytes));
    if (!InRange(r.get()) || !InRange(s.get())) return false;
    return VerifyWith(key_.get(), digest_.get(), false, input, ToDer(std::move(r), std::move(s)));
  }

 private:
  // 1 to n - 1. A verifier that forgets this accepts zeros as everybody's signature (CVE-2022-21449).
  bool InRange(const BIGNUM* number) const { return !BN_is_zero(number) && BN_cmp(number, order_.get()) < 0; }

  // OpenSSL takes the signature as a certificate holds it.
  static std::string ToDer(NumberPtr r, NumberPtr s) {
    EcdsaSignaturePtr signature(ECDSA_SIG_new());
    PENSTOCK_CHECK(ECDSA_SIG_set0(signature.get(), r.release(), s.release()) == 1, "both numbers are there");
    unsigned char* bytes = nullptr;
    int size = i2d_ECDSA_SIG(signature.get(), &bytes);
    PENSTOCK_CHECK(size > 0, "a signature can be written");
    std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
  }

  const Curve& curve_;
  KeyPtr key_;
  NumberPtr order_;
  DigestPtr digest_;
};

class Ed25519 final : public Verifier {
 public:
  explicit Ed25519(KeyPtr key) : key_(std::move(key)) {}

  AlgorithmSet algorithms() const override { return {Algorithm::kEdDsa}; }
  std::string Describe() const override { return "OKP Ed25519"; }

  bool Verify(Algorithm, std::string_view input, std::string_view signature) const override {
    return VerifyWith(key_.get(), nullptr, false, input, signature);
  }

 private:
  KeyPtr key_;
};

// Holds the secret only inside of OpenSSL, which wipes it.
class Hmac final : public Verifier {
 public:
  explicit Hmac(std::string_view secret) {
    MacPtr mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    PENSTOCK_CHECK(mac != nullptr, "OpenSSL has HMAC");
    for (Algorithm algorithm : {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512}) {
      const AlgorithmRow& row = RowOf(algorithm);
      if (secret.size() < row.hash_bytes) continue;
      algorithms_.Insert(algorithm);
      contexts_[static_cast<std::size_t>(row.hash)] = Keyed(mac.get(), row.hash, secret);
    }
  }

  AlgorithmSet algorithms() const override { return algorithms_; }
  std::string Describe() const override { return "oct"; }

  bool Verify(Algorithm algorithm, std::string_view input, std::string_view signature) const override {
    const AlgorithmRow& row = RowOf(algorithm);
    if (signature.size() != row.hash_bytes) return false;
    MacContextPtr context(EVP_MAC_CTX_dup(contexts_[static_cast<std::size_t>(row.hash)].get()));
    std::array<unsigned char, EVP_MAX_MD_SIZE> made;
    std::size_t size = 0;
    if (EVP_MAC_update(context.get(), BytesOf(input), input.size()) != 1) return false;
    if (EVP_MAC_final(context.get(), made.data(), &size, made.size()) != 1) return false;
    return size == signature.size() && CRYPTO_memcmp(made.data(), signature.data(), size) == 0;
  }

 private:
  static MacContextPtr Keyed(EVP_MAC* mac, Hash hash, std::string_view secret) {
    MacContextPtr context(EVP_MAC_CTX_new(mac));
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(OpensslName(hash)), 0),
        OSSL_PARAM_construct_end()};
    bool ready = EVP_MAC_init(context.get(), BytesOf(secret), secret.size(), params) == 1;
    PENSTOCK_CHECK(ready, "HMAC takes every secret");
    return context;
  }

  AlgorithmSet algorithms_;
  std::array<MacContextPtr, kHashes> contexts_;  // keyed, to be copied; null where the secret is too short
};

const Curve* FindCurve(std::string_view name) {
  for (const Curve& curve : kCurves) {
    if (curve.name == name) return &curve;
  }
  return nullptr;
}

bool IsSane(const BIGNUM* exponent) {
  return BN_is_odd(exponent) && !BN_is_one(exponent) && BN_num_bits(exponent) <= 32;
}

}  // namespace

StatusOr<VerifierPtr> RsaVerifier(std::string_view modulus, std::string_view exponent) {
  ErrorsStayHere errors;
  NumberPtr n = NumberOf(modulus);
  NumberPtr e = NumberOf(exponent);
  if (BN_num_bits(n.get()) < 2048) return Wrong("an RSA key of less than 2048 bits");
  if (BN_num_bits(n.get()) > 8192) return Wrong("an RSA key of more than 8192 bits");
  if (!BN_is_odd(n.get())) return Wrong("the RSA modulus is even");
  if (!IsSane(e.get())) return Wrong("the RSA exponent is not an odd number from 3 to 2^32");
  ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  ParamsPtr params(OSSL_PARAM_BLD_to_param(builder.get()));
  KeyPtr key = MakeKey("RSA", params.get());
  if (key == nullptr) return Wrong("not an RSA key");
  return VerifierPtr(new Rsa(std::move(key)));
}

StatusOr<VerifierPtr> EcVerifier(std::string_view curve_name, std::string_view x, std::string_view y) {
  ErrorsStayHere errors;
  const Curve* curve = FindCurve(curve_name);
  if (curve == nullptr) return Wrong("an unknown curve (crv)");
  if (x.size() != curve->bytes || y.size() != curve->bytes) return Wrong("x or y is not as long as the curve wants");
  std::string point = StrCat("\x04", x, y);  // SEC 1 2.3.3, uncompressed
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(curve->name), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  KeyPtr key = MakeKey("EC", params);
  if (key == nullptr) return Wrong("the point is not on the curve");
  KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (EVP_PKEY_public_check_quick(context.get()) != 1) return Wrong("the point is not on the curve");
  BIGNUM* order = nullptr;
  PENSTOCK_CHECK(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_EC_ORDER, &order) == 1, "a curve has an order");
  return VerifierPtr(new Ec(*curve, std::move(key), NumberPtr(order)));
}

StatusOr<VerifierPtr> Ed25519Verifier(std::string_view x) {
  ErrorsStayHere errors;
  if (x.size() != 32) return Wrong("x is not 32 bytes");
  KeyPtr key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, BytesOf(x), x.size()));
  if (key == nullptr) return Wrong("not an Ed25519 key");
  return VerifierPtr(new Ed25519(std::move(key)));
}

StatusOr<VerifierPtr> HmacVerifier(std::string_view secret) {
  if (secret.size() < 32) return Wrong("a secret of less than 32 bytes");
  return VerifierPtr(new Hmac(secret));
}

}  // namespace penstock::jose
