#include "dataplane/limits/limit.h"

#include <algorithm>
#include <string_view>

#include "dataplane/base/strings.h"
#include "dataplane/limits/arithmetic.h"
#include "dataplane/limits/buckets.h"
#include "dataplane/limits/windows.h"

namespace penstock::limits {
namespace {

using std::chrono::microseconds;

std::uint64_t Whole(Duration duration) { return static_cast<std::uint64_t>(duration / microseconds(1)); }
Duration FromWhole(std::uint64_t us) { return microseconds(static_cast<std::int64_t>(us)); }

Terms TermsOf(const LimitRule& rule) {
  return {Whole(rule.per), rule.requests, rule.burst == 0 ? rule.requests : rule.burst, Whole(rule.max_delay)};
}

template <typename Bucket>
Taken TakeFrom(const LimitRule& rule, LimitState& state, std::uint64_t instant, std::uint64_t cost) {
  const Terms terms = TermsOf(rule);
  Units amount = Units{state.amount_high} << 64 | state.amount_low;
  Bucket bucket(terms, amount, state.at, instant);
  Taken taken;
  bool possible = cost <= Bucket::Limit(terms);
  taken.allowed = cost == 0 || (possible && bucket.Allows(cost));
  if (!taken.allowed) taken.retry_after = possible ? FromWhole(bucket.RetryAfter(cost)) : kNever;
  if (taken.allowed && cost > 0) {
    taken.delay = FromWhole(bucket.Delay());
    bucket.Add(cost);
  }
  taken.remaining = bucket.Remaining();
  taken.reset = FromWhole(bucket.Reset());
  state.at = instant;
  state.amount_high = static_cast<std::uint8_t>(bucket.amount() >> 64);
  state.amount_low = static_cast<std::uint64_t>(bucket.amount());
  return taken;
}

Status CheckPeriod(Duration per) {
  if (per < kShortestPeriod || per > kLongestPeriod) {
    return absl::InvalidArgumentError("per: must be between 1 millisecond and 31 days");
  }
  if (per % microseconds(1) != Duration::zero()) {
    return absl::InvalidArgumentError("per: must be a whole number of microseconds");
  }
  return absl::OkStatus();
}

Status CheckCount(std::string_view field, std::uint64_t count, std::uint64_t least) {
  if (count >= least && count <= kMostRequests) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(field, ": must be between ", least, " and ", kMostRequests));
}

Status CheckBurst(const LimitRule& rule) {
  RETURN_IF_ERROR(CheckCount("burst", rule.burst, 0));
  if (rule.burst > 0 && rule.algorithm != Algorithm::kTokenBucket) {
    return absl::InvalidArgumentError("burst: only a token bucket has one");
  }
  Units refill = Units{rule.burst} * Whole(rule.per);
  if (refill <= Units{Whole(kLongestRefill)} * rule.requests) return absl::OkStatus();
  return absl::InvalidArgumentError("burst: must be refilled within 366 days (burst * per / requests)");
}

Status CheckDelay(const LimitRule& rule) {
  if (rule.max_delay < Duration::zero() || rule.max_delay > kLongestDelay) {
    return absl::InvalidArgumentError("max_delay: must be between 0 and 1 hour");
  }
  if (rule.max_delay % microseconds(1) != Duration::zero()) {
    return absl::InvalidArgumentError("max_delay: must be a whole number of microseconds");
  }
  if (rule.max_delay > Duration::zero() && rule.algorithm != Algorithm::kLeakyBucket) {
    return absl::InvalidArgumentError("max_delay: only a leaky bucket delays");
  }
  Units waiting = Units{Whole(rule.max_delay)} * rule.requests;
  if (waiting <= Units{kMostRequests} * Whole(rule.per)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("max_delay: must not let more than ", kMostRequests, " wait (max_delay * requests / per)"));
}

}  // namespace

Taken Take(const LimitRule& rule, LimitState& state, TimePoint now, std::uint32_t cost) {
  std::uint64_t instant = std::max<std::uint64_t>(InstantOf(now), state.at);
  switch (rule.algorithm) {
    case Algorithm::kFixedWindow:
      return TakeFrom<FixedWindow>(rule, state, instant, cost);
    case Algorithm::kSlidingWindow:
      return TakeFrom<SlidingWindow>(rule, state, instant, cost);
    case Algorithm::kTokenBucket:
      return TakeFrom<TokenBucket>(rule, state, instant, cost);
    case Algorithm::kLeakyBucket:
      return TakeFrom<LeakyBucket>(rule, state, instant, cost);
  }
  return {};
}

std::uint64_t InstantOf(TimePoint now) {
  if (now.time_since_epoch() <= Duration::zero()) return 0;
  return std::min(Whole(now.time_since_epoch()), kLastInstant);
}

std::uint64_t LimitOf(const LimitRule& rule) {
  return rule.algorithm == Algorithm::kTokenBucket && rule.burst > 0 ? rule.burst : rule.requests;
}

Status Check(const LimitRule& rule) {
  RETURN_IF_ERROR(CheckCount("requests", rule.requests, 1));
  RETURN_IF_ERROR(CheckPeriod(rule.per));
  RETURN_IF_ERROR(CheckBurst(rule));
  return CheckDelay(rule);
}

}  // namespace penstock::limits
