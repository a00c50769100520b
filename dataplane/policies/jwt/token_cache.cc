#include "dataplane/policies/jwt/token_cache.h"

namespace penstock::policies {

TokenCache::~TokenCache() {
  // Exchanges may hold tokens for longer.
  for (auto& [text, token] : tokens_) token.get()->Unlink();
}

TokenRef TokenCache::Find(std::string_view text) {
  auto found = tokens_.find(text);
  if (found == tokens_.end()) return TokenRef();
  VerifiedToken& token = *found->second.get();
  token.Unlink();
  by_use_.PushBack(token);
  return found->second.Share();
}

void TokenCache::Insert(TokenRef token) {
  Erase(token->text);
  bytes_ += token->bytes();
  by_use_.PushBack(*token.get());
  std::string_view key = token->text;
  tokens_.emplace(key, std::move(token));
  while (bytes_ > kMaxBytes || tokens_.size() > kMaxTokens) Drop(by_use_.front());
}

void TokenCache::Erase(std::string_view text) {
  auto found = tokens_.find(text);
  if (found != tokens_.end()) Drop(*found->second.get());
}

void TokenCache::Drop(VerifiedToken& token) {
  token.Unlink();
  bytes_ -= token.bytes();
  auto found = tokens_.find(std::string_view(token.text));
  // The key is a view into the token: it goes first.
  TokenRef last = std::move(found->second);
  tokens_.erase(found);
}

}  // namespace penstock::policies
