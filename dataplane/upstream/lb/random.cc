#include "dataplane/base/random.h"

#include <algorithm>

#include "dataplane/upstream/lb/balancer.h"

namespace penstock::upstream {
namespace {

class WeightedRandom final : public Balancer {
 public:
  explicit WeightedRandom(std::span<const std::uint32_t> weights) {
    for (std::uint32_t weight : weights) {
      total_ += weight;
      up_to_.push_back(total_);
    }
  }

  // Draws again for a skipped endpoint, then takes the next one in order.
  std::optional<std::size_t> Pick(std::uint64_t seed, Skip skip) override {
    if (total_ == 0) return std::nullopt;
    std::size_t index = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      seed = Mix(seed);
      std::uint64_t point = Random::Scale(seed, total_);
      index = static_cast<std::size_t>(std::upper_bound(up_to_.begin(), up_to_.end(), point) - up_to_.begin());
      if (!skip(index)) return index;
    }
    for (std::size_t i = 0; i < up_to_.size(); ++i) {
      std::size_t other = (index + i) % up_to_.size();
      std::uint64_t before = other == 0 ? 0 : up_to_[other - 1];
      if (up_to_[other] > before && !skip(other)) return other;
    }
    return std::nullopt;
  }

 private:
  static constexpr int kDraws = 4;

  std::vector<std::uint64_t> up_to_;  // cumulative weights
  std::uint64_t total_ = 0;
};

}  // namespace

std::unique_ptr<Balancer> MakeRandom(std::span<const std::uint32_t> weights, std::uint64_t) {
  return std::make_unique<WeightedRandom>(weights);
}

}  // namespace penstock::upstream
