#include "controlplane/management/convergence.h"

#include <algorithm>

#include "dataplane/base/strings.h"

namespace penstock::management {

using management::v1::WaitFor;

Goal MakeGoal(WaitFor wait, uint32_t percent, uint32_t at_least) {
  Goal goal;
  if (wait != management::v1::WAIT_FOR_UNSPECIFIED) goal.wait = wait;
  if (percent != 0)
    goal.percent = std::min<uint32_t>(percent, 100);
  else if (at_least != 0)
    goal.percent = 0;
  goal.at_least = at_least;
  return goal;
}

Progress Judge(const Goal& goal, const rollout::Spread& spread, bool rejected) {
  if (goal.wait == management::v1::NONE) return Progress::kReached;
  const uint64_t needed = std::max<uint64_t>((uint64_t{spread.total} * goal.percent + 99) / 100, goal.at_least);
  const uint32_t there = goal.wait == management::v1::ACKED ? spread.acked : spread.served;
  if (there >= needed && !(rejected && goal.percent == 100)) return Progress::kReached;
  return rejected ? Progress::kRejected : Progress::kPending;
}

std::string Describe(const Goal& goal, const rollout::Spread& spread) {
  if (spread.total == 0) return "stored; no replica connected";
  if (goal.wait == management::v1::NONE)
    return StrCat("stored; served by ", spread.served, "/", spread.total, " replicas so far");
  if (goal.wait == management::v1::ACKED)
    return StrCat("acknowledged by ", spread.acked, "/", spread.total, " replicas");
  return StrCat("served by ", spread.served, "/", spread.total, " replicas");
}

}  // namespace penstock::management
