#include "dataplane/upstream/forward/retry.h"

#include <algorithm>

#include "dataplane/base/random.h"
#include "dataplane/upstream/forward/forward.h"

namespace penstock::upstream {
namespace {

bool StatusAsks(const Tried& tried, const snapshot::Retry& rule) {
  return std::binary_search(rule.statuses.begin(), rule.statuses.end(), static_cast<std::uint32_t>(tried.status));
}

// The safe retry needs no rule: it can do no harm.
bool Safe(const Tried& tried) {
  if (tried.result.reason == Reason::kNone || tried.tries >= kMaxTries) return false;
  if (tried.result.sent == TryResult::Sent::kNothing) return true;
  return tried.result.sent == TryResult::Sent::kOnIdle && tried.idempotent;
}

}  // namespace

bool WantsRetry(const Tried& tried, const snapshot::Retry* rule) {
  if (!tried.can_replay || tried.result.sent == TryResult::Sent::kDoNotRepeat) return false;
  if (Safe(tried)) return true;
  if (rule == nullptr || tried.tries > rule->attempts || !tried.idempotent) return false;
  return tried.result.reason != Reason::kNone || StatusAsks(tried, *rule);
}

bool NeedsBudget(const Tried& tried) { return !tried.connected || !Safe(tried); }

Duration Backoff(const Tried& tried, const snapshot::Retry* rule, std::uint64_t seed) {
  if (rule == nullptr || Safe(tried)) return Duration::zero();
  Duration backoff = rule->backoff * (std::int64_t{1} << std::min<std::uint32_t>(tried.tries - 1, 6));
  std::uint64_t half = static_cast<std::uint64_t>(backoff.count() / 2);
  return backoff - Duration(static_cast<std::int64_t>(Random::Scale(Mix(seed + tried.tries), half + 1)));
}

}  // namespace penstock::upstream
