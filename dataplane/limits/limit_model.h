// The definitions of limit.h once more, slow and plain: from a log of everything that was admitted. For tests.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/limits/limit.h"

namespace penstock::limits {

class LimitModel {
 public:
  explicit LimitModel(const LimitRule& rule);

  // Whether COST would be allowed at the instant (us), which must not be before the last one admitted. COST > 0.
  bool Allows(std::uint64_t instant, std::uint64_t cost) const;
  // How long it would wait then, us.
  std::uint64_t Delay(std::uint64_t instant) const;
  // As good as new: nothing that was admitted matters any more.
  bool IsNew(std::uint64_t instant) const;
  // Whether, after as many as possible of cost 1, COUNT of them were allowed. Leaves the log as it is.
  bool AllowsInARow(std::uint64_t instant, std::uint64_t count) const;

  void Admit(std::uint64_t instant, std::uint64_t cost) { log_.push_back({instant, cost}); }
  // Drops the log if nothing in it matters any more.
  void Forget(std::uint64_t instant) {
    if (IsNew(instant)) log_.clear();
  }

 private:
  using Wide = __int128;
  struct Admitted {
    std::uint64_t instant;
    std::uint64_t cost;
  };

  Wide InWindow(std::uint64_t window) const;
  Wide Backlog(std::uint64_t instant) const;
  bool TokenBucketAllows(std::uint64_t instant, Wide cost) const;

  const LimitRule rule_;
  const std::uint64_t period_;
  const std::uint64_t requests_;
  const std::uint64_t max_delay_;
  std::vector<Admitted> log_;
};

}  // namespace penstock::limits
