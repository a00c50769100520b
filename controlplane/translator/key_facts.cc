#include "controlplane/translator/key_facts.h"

#include <openssl/sha.h>

#include <array>

namespace penstock::translator {
namespace {

// Followed by the key; as dataplane/policies/api_key names it.
constexpr std::string_view kKeyHashFact = "api_key/sha256/";

}  // namespace

std::optional<std::string_view> KeyFacts::Find(std::string_view name) const {
  if (!name.starts_with(kKeyHashFact)) return std::nullopt;
  const std::string_view key = name.substr(kKeyHashFact.size());
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
  return hashes_.emplace_back(reinterpret_cast<const char*>(hash.data()), hash.size());
}

}  // namespace penstock::translator
