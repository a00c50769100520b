#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/intrusive_list.h"
#include "dataplane/jose/token.h"

namespace penstock::policies {

// A token that was verified, and what requests with it get. One worker's thread; immutable but for its count.
struct VerifiedToken : ListNode {
  std::string text;  // as it was sent
  size_t provider = 0;
  size_t place = 0;
  uint64_t keys_version = 0;         // KeySource::version() when it was verified
  WallTime until;                    // it does not hold any more after
  TimePoint keep_until;              // it is verified again after
  std::optional<jose::Json> claims;  // an object
  std::string subject;
  std::string id;                                      // claim jti
  std::optional<WallTime> issued;                      // claim iat
  std::vector<std::pair<size_t, std::string>> fields;  // index of the provider's ClaimHeader, value

  uint32_t refs = 0;  // exchanges, and the cache

  size_t bytes() const { return sizeof(VerifiedToken) + 3 * text.size(); }
};

// Keeps a VerifiedToken. Not to be copied.
class TokenRef {
 public:
  TokenRef() = default;
  explicit TokenRef(VerifiedToken& token) : token_(&token) { ++token.refs; }
  TokenRef(TokenRef&& other) noexcept : token_(std::exchange(other.token_, nullptr)) {}
  TokenRef& operator=(TokenRef&& other) noexcept {
    std::swap(token_, other.token_);
    return *this;
  }
  ~TokenRef() {
    if (token_ != nullptr && --token_->refs == 0) delete token_;
  }
  TokenRef Share() const { return TokenRef(*token_); }

  const VerifiedToken& operator*() const { return *token_; }
  const VerifiedToken* operator->() const { return token_; }
  VerifiedToken* get() const { return token_; }
  explicit operator bool() const { return token_ != nullptr; }

 private:
  VerifiedToken* token_ = nullptr;
};

// The verified tokens of one worker, for one configuration: at most kMaxBytes of them; the one that was not used for
// the longest time goes first. A hit allocates nothing.
class TokenCache {
 public:
  static constexpr size_t kMaxBytes = 8 << 20;
  static constexpr size_t kMaxTokens = 16'384;

  TokenCache() = default;
  TokenCache(const TokenCache&) = delete;
  ~TokenCache();

  // The token of that text, which becomes the last to go; empty if it is not there. Whether it still holds is the
  // caller's business.
  TokenRef Find(std::string_view text);
  void Insert(TokenRef token);
  void Erase(std::string_view text);

  size_t size() const { return tokens_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  void Drop(VerifiedToken& token);

  absl::flat_hash_map<std::string_view, TokenRef> tokens_;  // keys are views of what they lead to
  IntrusiveList<VerifiedToken> by_use_;                     // the next to go first
  size_t bytes_ = 0;
};

}  // namespace penstock::policies
