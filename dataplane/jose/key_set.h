#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "dataplane/base/status.h"
#include "dataplane/jose/key.h"
#include "dataplane/jose/token.h"

namespace penstock::jose {

// Does a token come from who holds the key?
enum class Proof : std::uint8_t {
  kGood,
  kNoKey,  // none of the set may have signed it: the issuer may have got new ones
  kWrong,
};

// The keys of an issuer, at least one (RFC 7517 5). Immutable; shared by threads.
class KeySet {
 public:
  static constexpr std::size_t kMaxKeys = 100;
  // A token chooses how much work it makes, by its kid: never more than so many signatures.
  static constexpr std::size_t kMaxTried = 8;

  using Tried = absl::InlinedVector<const Key*, kMaxTried>;

  // JSON: at most 1 MiB. Keys that cannot be used are left out and named in notes(); kInvalidArgument if it is no key
  // set, holds more than kMaxKeys, or none that can be used; the text says why of the first ones.
  static StatusOr<KeySet> Parse(std::string_view json);

  // REQUIRES: 1 to kMaxKeys keys.
  explicit KeySet(std::vector<Key> keys);

  std::span<const Key> keys() const { return keys_; }
  // Of each key that was left out, and why: "keys[2] (kid "a"): not for signatures (use)". For logs.
  const std::vector<std::string>& notes() const { return notes_; }

  // Those that may verify a token with ALGORITHM and KID, in the set's order, at most kMaxTried: with a kid those that
  // have it (and secrets without), without one all of that algorithm. They live as long as this.
  Tried Candidates(Algorithm algorithm, std::optional<std::string_view> kid) const;

  // Tries the candidates.
  Proof Check(const Token& token) const;

 private:
  KeySet(std::vector<Key> keys, std::vector<std::string> notes);

  std::vector<Key> keys_;
  std::vector<std::string> notes_;
};

}  // namespace penstock::jose
