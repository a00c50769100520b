#include "dataplane/policies/api_key/api_key_policy.h"

#include <openssl/sha.h>

#include <array>

namespace penstock::policies {
namespace {

// What generations know keys by.
using KeyHash = std::array<char, SHA256_DIGEST_LENGTH>;

KeyHash HashOfKey(std::string_view key) {
  KeyHash hash;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

std::string_view BytesOf(const KeyHash& hash) { return {hash.data(), hash.size()}; }

AuthResult Look(std::string_view key, Exchange& x) {
  if (!ApiKeyConfig::IsKey(key)) return {AuthResult::State::kInvalid, ApiKeyConfig::kNoKey};
  KeyHash hash = HashOfKey(key);
  return ApiKeyConfig::Decide(BytesOf(hash), x);
}

}  // namespace

Task<Verdict> ApiKeyPolicy::OnRequest(Exchange& x) const {
  FoundToken found = FindToken(x.request, config_->places());
  AuthResult& result = x.identity.of(AuthMethod::kApiKey);
  if (found.count == FoundToken::Count::kOne) {
    result = Look(found.text, x);
    if (config_->strip()) RemoveToken(config_->places()[found.place], x.request, x.arena);
    return Verdict::Continue();
  }
  bool none = found.count == FoundToken::Count::kNone;
  result = {none ? AuthResult::State::kMissing : AuthResult::State::kInvalid, none ? "no key" : "more than one key"};
  return Verdict::Continue();
}

void ApiKeyPolicy::TellFacts(Exchange& x, TimePoint, FactTeller tell) const {
  FoundToken found = FindToken(x.request, config_->places());
  if (found.count != FoundToken::Count::kOne || !ApiKeyConfig::IsKey(found.text)) return;
  KeyHash hash = HashOfKey(found.text);
  tell(x.arena.Concat({kKeyHashFact, found.text}), BytesOf(hash));
}

}  // namespace penstock::policies
