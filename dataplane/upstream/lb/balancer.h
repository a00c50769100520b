#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"

namespace penstock::upstream {

// Chooses endpoints by weight. Pure: no clock, no sockets, no global state; its position is its own. One per worker and
// set of endpoints.
class Balancer {
 public:
  // True for an index that must not be picked: tried already, or known to be down.
  using Skip = absl::FunctionRef<bool(std::size_t index)>;

  virtual ~Balancer() = default;

  // The index of an endpoint with a weight above 0 that is not skipped; nullopt if there is none. SEED is the
  // request's; only algorithms that pick at random use it, so that a replay picks alike.
  virtual std::optional<std::size_t> Pick(std::uint64_t seed, Skip skip) = 0;
};

// One row per algorithm.
struct Algorithm {
  std::string_view name;
  // WEIGHTS of the endpoints in order; 0 is never picked. START is where a worker begins, so that workers do not all
  // begin at the same endpoint.
  std::unique_ptr<Balancer> (*make)(std::span<const std::uint32_t> weights, std::uint64_t start);
};

// All algorithms; the first is the default.
std::span<const Algorithm> Algorithms();

// "" is the default. nullptr if there is none of that name.
const Algorithm* FindAlgorithm(std::string_view name);

// Smooth weighted round robin: an endpoint of weight w gets w of every sum(weights) picks, spread evenly (earliest
// deadline first). O(1) for equal weights, O(log n) otherwise; skipping costs one step per skipped endpoint.
std::unique_ptr<Balancer> MakeRoundRobin(std::span<const std::uint32_t> weights, std::uint64_t start);

// Each pick by weight at random, a function of the seed alone.
std::unique_ptr<Balancer> MakeRandom(std::span<const std::uint32_t> weights, std::uint64_t start);

}  // namespace penstock::upstream
