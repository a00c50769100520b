// For tests: keys that sign, and tokens of every kind.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/jose/algorithm.h"

namespace penstock::jose::testing {

// Copies share the key.
class SigningKey {
 public:
  static SigningKey Rsa(int bits = 2048);
  static SigningKey Ec(std::string_view curve);  // "P-256", "P-384", "P-521"
  static SigningKey Ed25519();
  static SigningKey Secret(std::string bytes);
  // One that can sign with ALGORITHM. RSA keys of 2048 bits are made once per process, the others anew.
  static SigningKey For(Algorithm algorithm);

  SigningKey WithKid(std::string kid) const;

  // The public half, of a secret all of it. EXTRA: more members, `"use":"sig"`.
  std::string Jwk(std::string_view extra = "") const;

  // A signature as tokens hold it.
  std::string Sign(Algorithm algorithm, std::string_view input) const;

  // A token with this key's kid, if it has one. EXTRA: more members of the header.
  std::string Token(Algorithm algorithm, std::string_view claims, std::string_view extra = "") const;

 private:
  struct Inside;
  explicit SigningKey(std::shared_ptr<const Inside> inside) : inside_(std::move(inside)) {}
  static SigningKey Of(Inside inside);

  std::shared_ptr<const Inside> inside_;
  std::string kid_;
};

// {"keys":[...]}
std::string JwksOf(const std::vector<std::string>& jwks);

// Encodes each part.
std::string Compact(std::string_view header, std::string_view claims, std::string_view signature);

// `[byte]` of TEXT with its lowest bit turned.
std::string Flipped(std::string text, std::size_t byte);

}  // namespace penstock::jose::testing
