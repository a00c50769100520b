#include "dataplane/jose/testing.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "dataplane/base/check.h"
#include "dataplane/base/strings.h"
#include "dataplane/jose/base64url.h"
#include "dataplane/jose/openssl.h"

namespace penstock::jose::testing {
namespace {

void Must(bool done) { PENSTOCK_CHECK(done, "OpenSSL does what a test asks"); }

unsigned char* Writable(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

std::string NumberParam(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  Must(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  NumberPtr owned(number);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, Writable(bytes));
  return bytes;
}

std::string OctetsParam(EVP_PKEY* key, const char* name) {
  std::size_t size = 0;
  Must(EVP_PKEY_get_octet_string_param(key, name, nullptr, 0, &size) == 1);
  std::string bytes(size, '\0');
  Must(EVP_PKEY_get_octet_string_param(key, name, Writable(bytes), size, &size) == 1);
  return bytes;
}

// From the form of certificates to r and s of BYTES each.
std::string RawEcdsa(const std::string& der, std::size_t bytes) {
  const unsigned char* at = BytesOf(der);
  EcdsaSignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string raw(2 * bytes, '\0');
  int half = static_cast<int>(bytes);
  Must(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), Writable(raw), half) == half);
  Must(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), Writable(raw) + half, half) == half);
  return raw;
}

std::string Hmac(std::string_view secret, Hash hash, std::string_view input) {
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const EVP_MD* digest = EVP_get_digestbyname(OpensslName(hash));
  Must(HMAC(digest, secret.data(), static_cast<int>(secret.size()), BytesOf(input), input.size(), Writable(mac),
            &size) != nullptr);
  mac.resize(size);
  return mac;
}

}  // namespace

struct SigningKey::Inside {
  std::string kty, crv;
  std::size_t coordinate = 0;  // bytes, of EC
  KeyPtr key;
  std::string secret;
};

SigningKey SigningKey::Of(Inside inside) { return SigningKey(std::make_shared<Inside>(std::move(inside))); }

SigningKey SigningKey::Rsa(int bits) {
  return Of({.kty = "RSA", .crv = "", .key = KeyPtr(EVP_RSA_gen(static_cast<unsigned>(bits))), .secret = ""});
}

SigningKey SigningKey::Ec(std::string_view curve) {
  std::size_t coordinate = curve == "P-256" ? 32 : curve == "P-384" ? 48 : 66;
  std::string name(curve);
  return Of(
      {.kty = "EC", .crv = name, .coordinate = coordinate, .key = KeyPtr(EVP_EC_gen(name.c_str())), .secret = ""});
}

SigningKey SigningKey::Ed25519() {
  return Of(
      {.kty = "OKP", .crv = "Ed25519", .key = KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")), .secret = ""});
}

SigningKey SigningKey::Secret(std::string bytes) {
  return Of({.kty = "oct", .crv = "", .key = nullptr, .secret = std::move(bytes)});
}

SigningKey SigningKey::For(Algorithm algorithm) {
  static const SigningKey rsa = Rsa();
  const AlgorithmRow& row = RowOf(algorithm);
  switch (row.family) {
    case Family::kRsaPkcs1:
    case Family::kRsaPss:
      return rsa;
    case Family::kEcdsa:
      return Ec(row.hash == Hash::kSha256 ? "P-256" : row.hash == Hash::kSha384 ? "P-384" : "P-521");
    case Family::kEdDsa:
      return Ed25519();
    case Family::kHmac:
      return Secret(std::string(row.hash_bytes, 's'));
  }
  return rsa;
}

SigningKey SigningKey::WithKid(std::string kid) const {
  SigningKey copy = *this;
  copy.kid_ = std::move(kid);
  return copy;
}

std::string SigningKey::Jwk(std::string_view extra) const {
  std::string jwk = StrCat("{\"kty\":\"", inside_->kty, "\"");
  auto add = [&](std::string_view name, std::string_view value) { jwk += StrCat(",\"", name, "\":\"", value, "\""); };
  auto add_bytes = [&](std::string_view name, std::string_view bytes) { add(name, EncodeBase64url(bytes)); };
  if (!kid_.empty()) add("kid", kid_);
  if (!inside_->crv.empty()) add("crv", inside_->crv);
  if (inside_->kty == "RSA") {
    add_bytes("n", NumberParam(inside_->key.get(), OSSL_PKEY_PARAM_RSA_N));
    add_bytes("e", NumberParam(inside_->key.get(), OSSL_PKEY_PARAM_RSA_E));
  } else if (inside_->kty == "EC") {
    std::string point = OctetsParam(inside_->key.get(), OSSL_PKEY_PARAM_PUB_KEY);
    Must(point.size() == 1 + 2 * inside_->coordinate);
    add_bytes("x", std::string_view(point).substr(1, inside_->coordinate));
    add_bytes("y", std::string_view(point).substr(1 + inside_->coordinate));
  } else if (inside_->kty == "OKP") {
    add_bytes("x", OctetsParam(inside_->key.get(), OSSL_PKEY_PARAM_PUB_KEY));
  } else {
    add_bytes("k", inside_->secret);
  }
  if (!extra.empty()) jwk += StrCat(",", extra);
  return jwk + "}";
}

std::string SigningKey::Sign(Algorithm algorithm, std::string_view input) const {
  const AlgorithmRow& row = RowOf(algorithm);
  if (row.family == Family::kHmac) return Hmac(inside_->secret, row.hash, input);
  DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  const EVP_MD* digest = row.family == Family::kEdDsa ? nullptr : EVP_get_digestbyname(OpensslName(row.hash));
  Must(EVP_DigestSignInit(context.get(), &options, digest, nullptr, inside_->key.get()) == 1);
  if (row.family == Family::kRsaPss) {
    Must(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
    Must(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  std::size_t size = 0;
  Must(EVP_DigestSign(context.get(), nullptr, &size, BytesOf(input), input.size()) == 1);
  std::string signature(size, '\0');
  Must(EVP_DigestSign(context.get(), Writable(signature), &size, BytesOf(input), input.size()) == 1);
  signature.resize(size);
  return row.family == Family::kEcdsa ? RawEcdsa(signature, inside_->coordinate) : signature;
}

std::string SigningKey::Token(Algorithm algorithm, std::string_view claims, std::string_view extra) const {
  std::string header = StrCat("{\"alg\":\"", NameOf(algorithm), "\"");
  if (!kid_.empty()) header += StrCat(",\"kid\":\"", kid_, "\"");
  if (!extra.empty()) header += StrCat(",", extra);
  std::string input = StrCat(EncodeBase64url(header + "}"), ".", EncodeBase64url(claims));
  return StrCat(input, ".", EncodeBase64url(Sign(algorithm, input)));
}

std::string JwksOf(const std::vector<std::string>& jwks) {
  std::string list;
  for (const std::string& jwk : jwks) list += StrCat(list.empty() ? "" : ",", jwk);
  return StrCat("{\"keys\":[", list, "]}");
}

std::string Compact(std::string_view header, std::string_view claims, std::string_view signature) {
  return StrCat(EncodeBase64url(header), ".", EncodeBase64url(claims), ".", EncodeBase64url(signature));
}

std::string Flipped(std::string text, std::size_t byte) {
  text[byte] = static_cast<char>(text[byte] ^ 1);
  return text;
}

}  // namespace penstock::jose::testing
