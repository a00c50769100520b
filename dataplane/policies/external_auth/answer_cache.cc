#include "dataplane/policies/external_auth/answer_cache.h"

namespace penstock::policies {

AnswerCache::~AnswerCache() { Clear(); }

void AnswerCache::Follow(uint64_t revocations) {
  if (revocations == revocations_) return;
  revocations_ = revocations;
  Clear();
}

AnswerRef AnswerCache::Find(const QuestionKey& key, TimePoint now, WallTime wall) {
  auto found = answers_.find(key);
  if (found == answers_.end()) return AnswerRef();
  KeptAnswer& answer = *found->second.get();
  if (!answer.Counts(now, wall)) {
    Drop(answer);
    return AnswerRef();
  }
  answer.Unlink();
  by_use_.PushBack(answer);
  return found->second.Share();
}

void AnswerCache::Keep(AnswerRef answer) {
  auto before = answers_.find(answer->key());
  if (before != answers_.end()) Drop(*before->second.get());
  bytes_ += answer->bytes();
  by_use_.PushBack(*answer.get());
  QuestionKey key = answer->key();
  answers_.emplace(key, std::move(answer));
  while (bytes_ > kMaxBytes || answers_.size() > kMaxAnswers) Drop(by_use_.front());
}

void AnswerCache::Drop(KeptAnswer& answer) {
  answer.Unlink();
  bytes_ -= answer.bytes();
  answers_.erase(answers_.find(answer.key()));
}

// Exchanges may hold answers for longer.
void AnswerCache::Clear() {
  while (!by_use_.empty()) Drop(by_use_.front());
}

}  // namespace penstock::policies
