#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/intrusive_list.h"
#include "dataplane/passwords/digest.h"

namespace penstock::passwords {

// What was found out about a question.
struct Result {
  bool right = false;
  TimePoint at;  // when it was asked
};

// Results that were found lately: at most so many of each kind, the one that was not asked for for the longest time
// goes first. Right and wrong ones are kept apart, so that whoever guesses pushes nobody out. One thread. Looking for
// one allocates nothing.
class ResultCache {
 public:
  // How long a wrong one is known: for clients that try again at once.
  static constexpr Duration kWrongFor = std::chrono::seconds(5);

  struct Limits {
    size_t right;
    size_t wrong;
  };
  static constexpr Limits kOfWorker = {4'096, 1'024};
  static constexpr Limits kOfProcess = {16'384, 4'096};

  explicit ResultCache(Limits limits) : right_(limits.right), wrong_(limits.wrong) {}

  // RIGHT_FOR: how long a right one counts for whoever asks.
  std::optional<Result> Find(const Digest& digest, TimePoint now, Duration right_for);
  void Keep(const Digest& digest, const Result& result);

  size_t size() const { return right_.size() + wrong_.size(); }

 private:
  struct Entry : ListNode {
    Digest digest;
    TimePoint at;
  };

  class Kind {
   public:
    explicit Kind(size_t most) : most_(most) {}
    // When it was asked; nullopt: not there, or longer ago than KEPT.
    std::optional<TimePoint> Find(const Digest& digest, TimePoint now, Duration kept);
    void Keep(const Digest& digest, TimePoint at);
    size_t size() const { return entries_.size(); }

   private:
    const size_t most_;
    absl::flat_hash_map<Digest, std::unique_ptr<Entry>, DigestHash> entries_;
    IntrusiveList<Entry> by_use_;  // the next to go first
  };

  Kind right_;
  Kind wrong_;
};

}  // namespace penstock::passwords
