#include "dataplane/jose/key.h"

#include <openssl/crypto.h>

#include "dataplane/jose/base64url.h"
#include "dataplane/jose/openssl.h"
#include "dataplane/jose/token.h"
#include "dataplane/jose/verifier.h"

namespace penstock::jose {
namespace {

Status Wrong(std::string_view why) { return absl::InvalidArgumentError(ToAbsl(why)); }

std::optional<std::string> TextOf(JsonValue jwk, std::string_view name) {
  std::optional<JsonValue> member = jwk.Find(name);
  if (!member.has_value() || !member->string().has_value()) return std::nullopt;
  return std::string(member->text());
}

// nullopt: it is missing, or no base64url.
std::optional<std::string> BytesOfMember(JsonValue jwk, std::string_view name) {
  std::optional<JsonValue> member = jwk.Find(name);
  if (!member.has_value() || !member->string().has_value()) return std::nullopt;
  return DecodeBase64url(member->text());
}

// RFC 7517 4.2, 4.3
Status CheckUse(JsonValue jwk) {
  std::optional<JsonValue> use = jwk.Find("use");
  if (use.has_value() && use->string() != "sig") return Wrong("not for signatures (use)");
  std::optional<JsonValue> operations = jwk.Find("key_ops");
  if (!operations.has_value()) return absl::OkStatus();
  for (JsonValue operation : operations->children()) {
    if (operation.string() == "verify") return absl::OkStatus();
  }
  return Wrong("not to verify with (key_ops)");
}

// Whoever publishes these has lost the key. RFC 7518 6.2.2, 6.3.2; RFC 8037 2
Status CheckPublic(JsonValue jwk) {
  for (std::string_view name : {"d", "p", "q", "dp", "dq", "qi", "oth"}) {
    if (jwk.Find(name).has_value()) return Wrong("holds a private key");
  }
  return absl::OkStatus();
}

StatusOr<std::optional<std::string>> ReadKid(JsonValue jwk) {
  std::optional<JsonValue> kid = jwk.Find("kid");
  if (!kid.has_value()) return std::optional<std::string>();
  if (!kid->string().has_value()) return Wrong("kid is not a string");
  if (kid->text().size() > kMaxKidBytes) return Wrong("kid is longer than 256 bytes");
  return std::optional<std::string>(kid->text());
}

StatusOr<VerifierPtr> ReadRsa(JsonValue jwk) {
  RETURN_IF_ERROR(CheckPublic(jwk));
  std::optional<std::string> modulus = BytesOfMember(jwk, "n");
  std::optional<std::string> exponent = BytesOfMember(jwk, "e");
  if (!modulus.has_value()) return Wrong("n is missing or not base64url");
  if (!exponent.has_value()) return Wrong("e is missing or not base64url");
  return RsaVerifier(*modulus, *exponent);
}

StatusOr<VerifierPtr> ReadEc(JsonValue jwk) {
  RETURN_IF_ERROR(CheckPublic(jwk));
  std::optional<std::string> x = BytesOfMember(jwk, "x");
  std::optional<std::string> y = BytesOfMember(jwk, "y");
  if (!x.has_value()) return Wrong("x is missing or not base64url");
  if (!y.has_value()) return Wrong("y is missing or not base64url");
  return EcVerifier(TextOf(jwk, "crv").value_or(""), *x, *y);
}

StatusOr<VerifierPtr> ReadOkp(JsonValue jwk) {
  RETURN_IF_ERROR(CheckPublic(jwk));
  if (TextOf(jwk, "crv") != "Ed25519") return Wrong("an unknown curve (crv)");
  std::optional<std::string> x = BytesOfMember(jwk, "x");
  if (!x.has_value()) return Wrong("x is missing or not base64url");
  return Ed25519Verifier(*x);
}

StatusOr<VerifierPtr> ReadSecret(JsonValue jwk) {
  std::optional<std::string> secret = BytesOfMember(jwk, "k");
  if (!secret.has_value()) return Wrong("k is missing or not base64url");
  StatusOr<VerifierPtr> verifier = HmacVerifier(*secret);
  OPENSSL_cleanse(secret->data(), secret->size());
  return verifier;
}

struct KeyType {
  std::string_view name;
  StatusOr<VerifierPtr> (*read)(JsonValue jwk);
};
constexpr KeyType kTypes[] = {{"RSA", ReadRsa}, {"EC", ReadEc}, {"OKP", ReadOkp}, {"oct", ReadSecret}};

StatusOr<VerifierPtr> ReadVerifier(JsonValue jwk) {
  std::optional<std::string> kty = TextOf(jwk, "kty");
  if (!kty.has_value()) return Wrong("kty is missing or not a string");
  for (const KeyType& type : kTypes) {
    if (type.name == *kty) return type.read(jwk);
  }
  return Wrong("an unknown type (kty)");
}

// RFC 7517 4.4: a key that says `alg` is for that one.
StatusOr<AlgorithmSet> Narrow(JsonValue jwk, AlgorithmSet can) {
  std::optional<JsonValue> alg = jwk.Find("alg");
  if (!alg.has_value()) return can;
  std::optional<Algorithm> algorithm = ParseAlgorithm(alg->string().value_or(""));
  if (!algorithm.has_value()) return Wrong("alg is none that signs");
  if (!can.Contains(*algorithm)) return Wrong("alg does not fit the key");
  return AlgorithmSet{*algorithm};
}

}  // namespace

StatusOr<Key> Key::FromJwk(JsonValue jwk) {
  if (!jwk.is_object()) return Wrong("not an object");
  RETURN_IF_ERROR(CheckUse(jwk));
  ASSIGN_OR_RETURN(std::optional<std::string> kid, ReadKid(jwk));
  ASSIGN_OR_RETURN(VerifierPtr verifier, ReadVerifier(jwk));
  ASSIGN_OR_RETURN(AlgorithmSet algorithms, Narrow(jwk, verifier->algorithms()));
  return Key(std::move(verifier), algorithms, std::move(kid));
}

StatusOr<Key> Key::FromSecret(std::string_view secret, std::optional<std::string> kid) {
  ASSIGN_OR_RETURN(VerifierPtr verifier, HmacVerifier(secret));
  AlgorithmSet algorithms = verifier->algorithms();
  Key key(std::move(verifier), algorithms, std::move(kid));
  key.any_kid_ = !key.kid_.has_value();
  return key;
}

std::string Key::Describe() const { return verifier_->Describe(); }

bool Key::MayBe(std::optional<std::string_view> kid) const { return !kid.has_value() || any_kid_ || kid_ == kid; }

bool Key::Verify(Algorithm algorithm, std::string_view signing_input, std::string_view signature) const {
  ErrorsStayHere errors;
  return algorithms_.Contains(algorithm) && verifier_->Verify(algorithm, signing_input, signature);
}

}  // namespace penstock::jose
