#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"
#include "dataplane/jose/algorithm.h"
#include "dataplane/jose/json.h"

namespace penstock::jose {

class Verifier;

// A key that signatures are checked with. Immutable; copies share it, threads too. It verifies what its type can and
// what its JWK says (`alg`), and nothing else: an RSA key is never the secret of HS256.
class Key {
 public:
  // JWK: an object of RFC 7517, 7518 or 8037. kInvalidArgument with a static text if it is no key to verify with: for
  // another use, of an unknown kind, too weak, malformed, or one that holds what should stay private.
  static StatusOr<Key> FromJwk(JsonValue jwk);

  // For HS256, and from 48 and 64 bytes on for HS384 and HS512; kInvalidArgument below 32 bytes. KID nullopt: it is
  // tried whatever a token's kid is.
  static StatusOr<Key> FromSecret(std::string_view secret, std::optional<std::string> kid = std::nullopt);

  const std::optional<std::string>& kid() const { return kid_; }
  AlgorithmSet algorithms() const { return algorithms_; }
  // For people: "RSA 2048", "EC P-256", "OKP Ed25519", "oct". Nothing of its numbers.
  std::string Describe() const;

  // May it have signed a token with that kid (nullopt: a token without)?
  bool MayBe(std::optional<std::string_view> kid) const;

  // SIGNATURE is ALGORITHM's of SIGNING_INPUT by this key. false also if the key is not for ALGORITHM.
  bool Verify(Algorithm algorithm, std::string_view signing_input, std::string_view signature) const;

 private:
  Key(std::shared_ptr<const Verifier> verifier, AlgorithmSet algorithms, std::optional<std::string> kid)
      : verifier_(std::move(verifier)), algorithms_(algorithms), kid_(std::move(kid)) {}

  std::shared_ptr<const Verifier> verifier_;
  AlgorithmSet algorithms_;
  std::optional<std::string> kid_;
  bool any_kid_ = false;
};

}  // namespace penstock::jose
