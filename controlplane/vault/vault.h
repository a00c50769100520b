// Seals bytes that must not be readable where they are kept, and opens them again.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/vault/key.h"

namespace penstock::vault {

// AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits for each seal. A key is good for 2^32 seals, by section
// 8.3; each is the write of one Secret. A sealed value:
//
//   "\0psv" | version, 1 | id of the key, 8 bytes | nonce, 12 | ciphertext, as long as the value | tag, 16
//
// The tag covers all that stands before it and the name of what it is the value of, so that no sealed value can be
// moved to another name. Any thread.
class Vault {
 public:
  static constexpr size_t kHeaderBytes = 13;              // what SealedWith() needs to see
  static constexpr size_t kOverhead = kHeaderBytes + 28;  // by how much a sealed value is longer

  // The first of KEYS seals, all of them open. SOURCE is how messages call the place that they come from. REQUIRES: at
  // least one key.
  Vault(std::vector<Key> keys, std::string source);

  std::string Seal(std::string_view value, std::string_view name) const;

  // Errors say what to do and hold nothing of the value:
  //   kFailedPrecondition  sealed with a key that is not here, or by a later version of this code
  //   kDataLoss            not a sealed value, or changed since, or that of another name
  absl::StatusOr<std::string> Open(std::string_view sealed, std::string_view name) const;

  // The key that seals.
  const KeyId& seals_with() const { return keys_.front().id(); }
  bool Opens(const KeyId& id) const { return Find(id) != nullptr; }
  const std::string& source() const { return source_; }

 private:
  struct FreeCipher {
    void operator()(EVP_CIPHER* cipher) const;
  };

  const Key* Find(const KeyId& id) const;

  std::vector<Key> keys_;
  std::string source_;
  std::unique_ptr<EVP_CIPHER, FreeCipher> cipher_;
};

// Whether BYTES begin as every sealed value does, and as no message of protobuf can (there is no field 0).
bool IsSealed(std::string_view bytes);

// The key of a sealed value, of which kHeaderBytes are enough; nullopt: it is none, or one of a later version.
std::optional<KeyId> SealedWith(std::string_view sealed);

// "sealed with key 3f2a…, which is not in SOURCE: start with ...".
absl::Status MissingKey(const KeyId& id, std::string_view what, std::string_view source);

}  // namespace penstock::vault
