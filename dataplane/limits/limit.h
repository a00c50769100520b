// Rate limits: what each algorithm means, exactly, as pure arithmetic. dataplane/redis/take.lua says the same again,
// and a test holds the two together.
//
// Time is an argument, taken down to whole microseconds since its clock's zero. It never runs back: the instant t of a
// question is the larger one of `now` and the latest instant that the state has seen. All times in an answer count
// from t. A state that is as good as new may be forgotten, and that instant with it.
//
// With W = per (us), N = requests, B = burst, D = max_delay (us), c = cost, all of them whole numbers:
//
//   fixed window     Windows begin at the multiples of W. u is what was admitted in the window of t.
//                      allowed  <=>  u + c <= N
//                    Two windows' requests may meet at an edge: up to 2N in a stretch of W.
//
//   sliding window   u as above, p is what was admitted in the window before it, e = t mod W.
//                      allowed  <=>  p * (W - e) + (u + c) * W <= N * W
//                    The window before counts by the part of it that lies within the last W, as if its requests had
//                    come evenly. Nothing of a burst can be had again at an edge: its weight falls evenly over the next
//                    W. It is an estimate: where the window before was spent at its very end, a stretch of W may see
//                    nearly 2N, N of them spread by N / W. Chosen over a log of requests since a key costs two
//                    numbers, whatever N is.
//
//   token bucket     m is what is missing in the bucket, in units: a unit is the W-th part of a request, so N of them
//                    flow in each microsecond and nothing is ever rounded. After d us: m := max(0, m - N * d).
//                      allowed  <=>  m + c * W <= B * W,   then m := m + c * W
//                    At most B + N * L / W in any stretch of L, and every request that keeps to that is allowed.
//
//   leaky bucket     m is the backlog of a queue that is let out evenly, in the same units, and flows off likewise. A
//                    request waits until what came before it has flowed off:
//                      delay = ceil(m / N);   allowed  <=>  delay <= D,   then m := m + c * W
//                    At most 1 + N * L / W (of cost 1) are let out in any stretch of L. With D = 0 a request is
//                    refused unless W / N has passed since the one before it. There is no burst.
//
// A cost above the limit (N; B for the token bucket) is always refused. A cost of 0 takes nothing, waits for nothing
// and is always allowed: it asks how things are. What is refused takes nothing.
#pragma once

#include <chrono>
#include <cstdint>

#include "dataplane/base/clock.h"
#include "dataplane/base/status.h"

namespace penstock::limits {

enum class Algorithm : std::uint8_t { kFixedWindow, kSlidingWindow, kTokenBucket, kLeakyBucket };

struct LimitRule {
  Algorithm algorithm = Algorithm::kTokenBucket;
  std::uint64_t requests = 0;
  Duration per{};
  std::uint64_t burst = 0;  // of the token bucket; 0: as many as `requests`
  Duration max_delay{};     // of the leaky bucket; 0: who would have to wait is refused

  bool operator==(const LimitRule&) const = default;
};

// What keeps every number here below 2^72, and every number of the script below 2^53.
inline constexpr std::uint64_t kMostRequests = 1'000'000'000;  // of `requests`, `burst` and what may wait
inline constexpr Duration kShortestPeriod = std::chrono::milliseconds(1);
inline constexpr Duration kLongestPeriod = std::chrono::hours(31 * 24);
inline constexpr Duration kLongestDelay = std::chrono::hours(1);
inline constexpr Duration kLongestRefill = std::chrono::hours(366 * 24);  // burst * per / requests

// kInvalidArgument, naming the field by its name above and the bound. Everything below requires a rule that passes.
Status Check(const LimitRule& rule);

// What a cost must not be above: requests, or the token bucket's burst.
std::uint64_t LimitOf(const LimitRule& rule);

// What is known of one key. All zero: nothing was asked yet. A plain value of 16 bytes, which is one compare-exchange;
// what `amount` holds is the algorithm's business. The state of another rule is no harm: it counts as at most all
// spent.
struct alignas(16) LimitState {
  std::uint64_t at : 52 = 0;          // the latest instant seen, us
  std::uint64_t turn : 4 = 0;         // LimitTable's own; nothing here reads or changes it
  std::uint64_t amount_high : 8 = 0;  // above
  std::uint64_t amount_low = 0;       // these

  bool operator==(const LimitState&) const = default;
};
static_assert(sizeof(LimitState) == 16);

// Later instants than this one count as this one: the year 2112, if the clock's zero is that of Unix.
inline constexpr std::uint64_t kLastInstant = (std::uint64_t{1} << 52) - 1;

inline constexpr Duration kNever = Duration::max();

struct Taken {
  bool allowed = false;
  // The most requests of cost 1 that would be allowed at t, after this one.
  std::uint64_t remaining = 0;
  // The smallest time after which the state is as good as new, if nobody asks until then: the quota is full (for a
  // fixed window of which something is used: until it ends; for a sliding one: until neither window counts any more).
  Duration reset{};
  // If refused: the smallest time after which the same cost would be allowed, if nobody else asks; kNever for a cost
  // above the limit. 0 if allowed.
  Duration retry_after{};
  // If allowed: how long it must wait before it goes on. Only the leaky bucket delays.
  Duration delay{};

  bool operator==(const Taken&) const = default;
};

// Asks for COST and, if it is allowed, takes it. Any thread; O(1). REQUIRES: Check(rule).
Taken Take(const LimitRule& rule, LimitState& state, TimePoint now, std::uint32_t cost = 1);

// The instant at which Take() sees `now`, before it looks at the state.
std::uint64_t InstantOf(TimePoint now);

}  // namespace penstock::limits
