#include "dataplane/policies/api_key/api_key_policy.h"

#include <openssl/sha.h>

#include <array>

#include "dataplane/policies/credentials/known_consumer.h"

namespace penstock::policies {
namespace {

AuthResult Look(std::string_view key, Exchange& x) {
  if (key.empty() || key.size() > ApiKeyConfig::kMaxKeyBytes)
    return {AuthResult::State::kInvalid, "no key is like that"};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
  std::string_view value(reinterpret_cast<const char*>(hash.data()), hash.size());
  Known known = NoteConsumer(CredentialKind::kApiKey, value, x);
  if (known == Known::kNobody) return {AuthResult::State::kInvalid, "the key is nobody's, or has expired"};
  if (known == Known::kAnother) return {AuthResult::State::kInvalid, kAnotherConsumer};
  if (x.identity.subject.empty()) x.identity.subject = x.identity.consumer;
  return {AuthResult::State::kProven, ""};
}

}  // namespace

Task<Verdict> ApiKeyPolicy::OnRequest(Exchange& x) const {
  FoundToken found = FindToken(x.request, config_->places());
  for (const TokenPlace& place : config_->places()) MaskInLog(place, x);
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

}  // namespace penstock::policies
