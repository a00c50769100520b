#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/clock.h"
#include "dataplane/base/intrusive_list.h"
#include "dataplane/policies/external_auth/answer.h"
#include "dataplane/policies/external_auth/question.h"

namespace penstock::policies {

// An answer that owns its texts, for all who ask the same. One worker's thread; immutable but for its count.
class KeptAnswer : public ListNode {
 public:
  // Copies ANSWER. It counts before KEEP_UNTIL, and before UNTIL by the clock on the wall.
  KeptAnswer(const QuestionKey& key, const Answer& answer, TimePoint keep_until, WallTime until);
  KeptAnswer(const KeptAnswer&) = delete;

  const QuestionKey& key() const { return key_; }
  const Answer& answer() const { return answer_; }
  bool Counts(TimePoint now, WallTime wall) const { return now < keep_until_ && wall < until_; }
  size_t bytes() const { return sizeof(KeptAnswer) + text_.size() + edits_.size() * sizeof(FieldEdit) + kOverhead; }

 private:
  friend class AnswerRef;

  static constexpr size_t kOverhead = 64;  // its place in the table

  std::string_view Copy(std::string_view text);
  std::span<const FieldEdit> Copy(std::span<const FieldEdit> edits);

  const QuestionKey key_;
  const TimePoint keep_until_;
  const WallTime until_;
  std::string text_;              // of all that answer_ says
  std::vector<FieldEdit> edits_;  // of both directions
  Answer answer_;
  uint32_t refs_ = 0;  // exchanges, and the cache
};

// Keeps a KeptAnswer. Not to be copied.
class AnswerRef {
 public:
  AnswerRef() = default;
  explicit AnswerRef(KeptAnswer& answer) : answer_(&answer) { ++answer.refs_; }
  AnswerRef(AnswerRef&& other) noexcept : answer_(std::exchange(other.answer_, nullptr)) {}
  AnswerRef& operator=(AnswerRef&& other) noexcept {
    std::swap(answer_, other.answer_);
    return *this;
  }
  ~AnswerRef() {
    if (answer_ != nullptr && --answer_->refs_ == 0) delete answer_;
  }
  AnswerRef Share() const { return AnswerRef(*answer_); }

  KeptAnswer* get() const { return answer_; }
  const KeptAnswer* operator->() const { return answer_; }
  explicit operator bool() const { return answer_ != nullptr; }

 private:
  KeptAnswer* answer_ = nullptr;
};

}  // namespace penstock::policies
