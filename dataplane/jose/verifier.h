// One kind of key each: what OpenSSL makes of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"
#include "dataplane/jose/algorithm.h"

namespace penstock::jose {

// Immutable; used by many threads at once.
class Verifier {
 public:
  virtual ~Verifier() = default;

  // All that a key of this kind can verify.
  virtual AlgorithmSet algorithms() const = 0;
  // For people: "RSA 2048", "EC P-256", "oct".
  virtual std::string Describe() const = 0;
  // REQUIRES: ALGORITHM is one of algorithms().
  virtual bool Verify(Algorithm algorithm, std::string_view signing_input, std::string_view signature) const = 0;
};

using VerifierPtr = std::unique_ptr<const Verifier>;

// The numbers of a key as bytes, most significant first. kInvalidArgument with a static text if it is no key of that
// kind, or one that is too weak or too large to use.

// 2048 to 8192 bits; the exponent is odd, from 3 to 2^32 - 1.
StatusOr<VerifierPtr> RsaVerifier(std::string_view modulus, std::string_view exponent);

// CURVE: "P-256", "P-384" or "P-521". Coordinates of the curve's full size (RFC 7518 6.2.1.2); the point is on the
// curve.
StatusOr<VerifierPtr> EcVerifier(std::string_view curve, std::string_view x, std::string_view y);

StatusOr<VerifierPtr> Ed25519Verifier(std::string_view x);

// RFC 7518 3.2: a secret is at least as long as the hash. From 32 bytes it verifies HS256, from 48 HS384, from 64
// HS512.
StatusOr<VerifierPtr> HmacVerifier(std::string_view secret);

}  // namespace penstock::jose
