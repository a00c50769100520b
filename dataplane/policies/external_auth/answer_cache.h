#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/container/flat_hash_map.h"
#include "dataplane/policies/external_auth/kept_answer.h"

namespace penstock::policies {

// A key is a hash already, and nobody can choose it.
struct KeyHash {
  size_t operator()(const QuestionKey& key) const {
    size_t hash;
    std::memcpy(&hash, key.data(), sizeof(hash));
    return hash;
  }
};

// The answers that one worker keeps, for one configuration: at most kMaxBytes and kMaxAnswers of them; the one that was
// not used for the longest time goes first. A hit allocates nothing.
class AnswerCache {
 public:
  static constexpr size_t kMaxBytes = 8 << 20;
  static constexpr size_t kMaxAnswers = 16'384;

  AnswerCache() = default;
  AnswerCache(const AnswerCache&) = delete;
  ~AnswerCache();

  // Empties it if VERSION is not that of the revocations under which its answers were given.
  void Follow(uint64_t revocations);
  // The answer to that question, which becomes the last to go; empty if there is none that counts now.
  AnswerRef Find(const QuestionKey& key, TimePoint now, WallTime wall);
  // Puts it in place of another one to the same question.
  void Keep(AnswerRef answer);

  size_t size() const { return answers_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  void Drop(KeptAnswer& answer);
  void Clear();

  absl::flat_hash_map<QuestionKey, AnswerRef, KeyHash> answers_;
  IntrusiveList<KeptAnswer> by_use_;  // the next to go first
  size_t bytes_ = 0;
  uint64_t revocations_ = 0;
};

}  // namespace penstock::policies
