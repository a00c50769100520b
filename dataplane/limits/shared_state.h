#pragma once

#include <bit>
#include <cstdint>

#include "dataplane/limits/limit.h"

namespace penstock::limits {

// A LimitState that several threads change, by compare-exchange of all its 16 bytes.
class SharedState {
 public:
  // Its halves may be of different moments; Replace() then fails, unless they are what is there now all the same. What
  // came before the writing of either half is seen.
  LimitState Load() const {
    const Half* halves = reinterpret_cast<const Half*>(&word_);
    Halves read{__atomic_load_n(&halves[0], __ATOMIC_ACQUIRE), __atomic_load_n(&halves[1], __ATOMIC_ACQUIRE)};
    return std::bit_cast<LimitState>(read);
  }

  // True if it was BEFORE and is AFTER now. A full barrier.
  bool Replace(const LimitState& before, const LimitState& after);

 private:
  using Word = unsigned __int128;
  using Half [[gnu::may_alias]] = std::uint64_t;
  struct alignas(16) Halves {
    std::uint64_t first;
    std::uint64_t second;
  };

  alignas(16) Word word_ = 0;
};

}  // namespace penstock::limits
