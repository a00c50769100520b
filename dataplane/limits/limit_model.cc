#include "dataplane/limits/limit_model.h"

#include <algorithm>

namespace penstock::limits {

using std::chrono::microseconds;

LimitModel::LimitModel(const LimitRule& rule)
    : rule_(rule),
      period_(static_cast<std::uint64_t>(rule.per / microseconds(1))),
      requests_(rule.requests),
      max_delay_(static_cast<std::uint64_t>(rule.max_delay / microseconds(1))) {}

bool LimitModel::Allows(std::uint64_t instant, std::uint64_t cost) const {
  if (cost > LimitOf(rule_)) return false;
  std::uint64_t window = instant / period_;
  Wide left = period_ - instant % period_;
  switch (rule_.algorithm) {
    case Algorithm::kFixedWindow:
      return InWindow(window) + cost <= requests_;
    case Algorithm::kSlidingWindow:
      return InWindow(window - 1) * left + (InWindow(window) + cost) * period_ <= Wide{requests_} * period_;
    case Algorithm::kTokenBucket:
      return TokenBucketAllows(instant, cost);
    case Algorithm::kLeakyBucket:
      return Backlog(instant) <= Wide{max_delay_} * requests_;
  }
  return false;
}

// No stretch of time that ends now, and begins with something admitted, may hold more than burst + N * length / W. It
// is another way to say what a token bucket is, and knows of no level.
bool LimitModel::TokenBucketAllows(std::uint64_t instant, Wide cost) const {
  Wide sum = cost;
  for (auto i = log_.rbegin(); i != log_.rend(); ++i) {
    sum += i->cost;
    Wide length = instant - i->instant;
    if (sum * period_ > Wide{LimitOf(rule_)} * period_ + length * requests_) return false;
  }
  return cost <= LimitOf(rule_);
}

LimitModel::Wide LimitModel::InWindow(std::uint64_t window) const {
  Wide sum = 0;
  for (const Admitted& one : log_) sum += one.instant / period_ == window ? one.cost : 0;
  return sum;
}

// Everything has its turn, an exact instant in 1/N us, when what came before it has been served.
LimitModel::Wide LimitModel::Backlog(std::uint64_t instant) const {
  Wide next_turn = 0;
  for (const Admitted& one : log_) {
    Wide turn = std::max(Wide{one.instant} * requests_, next_turn);
    next_turn = turn + Wide{one.cost} * period_;
  }
  return std::max<Wide>(next_turn - Wide{instant} * requests_, 0);
}

std::uint64_t LimitModel::Delay(std::uint64_t instant) const {
  if (rule_.algorithm != Algorithm::kLeakyBucket) return 0;
  return static_cast<std::uint64_t>((Backlog(instant) + requests_ - 1) / requests_);
}

bool LimitModel::IsNew(std::uint64_t instant) const {
  std::uint64_t window = instant / period_;
  switch (rule_.algorithm) {
    case Algorithm::kFixedWindow:
      return InWindow(window) == 0;
    case Algorithm::kSlidingWindow:
      return InWindow(window) == 0 && InWindow(window - 1) == 0;
    case Algorithm::kTokenBucket:
      return TokenBucketAllows(instant, LimitOf(rule_));
    case Algorithm::kLeakyBucket:
      return Backlog(instant) == 0;
  }
  return false;
}

bool LimitModel::AllowsInARow(std::uint64_t instant, std::uint64_t count) const {
  if (count == 0) return true;
  if (rule_.algorithm != Algorithm::kLeakyBucket) return Allows(instant, count);
  return Backlog(instant) + Wide{count - 1} * period_ <= Wide{max_delay_} * requests_;
}

}  // namespace penstock::limits
