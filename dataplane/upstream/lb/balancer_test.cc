#include "dataplane/upstream/lb/balancer.h"

#include <numeric>

#include "dataplane/base/random.h"
#include "gtest/gtest.h"

namespace penstock::upstream {
namespace {

bool SkipNone(std::size_t) { return false; }

std::vector<int> Count(Balancer& balancer, std::size_t endpoints, int picks) {
  std::vector<int> counts(endpoints);
  for (int i = 0; i < picks; ++i) ++counts[*balancer.Pick(Mix(static_cast<std::uint64_t>(i)), SkipNone)];
  return counts;
}

TEST(RoundRobin, RotatesOverEqualWeights) {
  std::vector<std::uint32_t> weights = {1, 1, 1};
  std::unique_ptr<Balancer> balancer = MakeRoundRobin(weights, 1);
  std::vector<std::size_t> picks;
  for (int i = 0; i < 4; ++i) picks.push_back(*balancer->Pick(0, SkipNone));
  EXPECT_EQ(picks, (std::vector<std::size_t>{1, 2, 0, 1}));
}

TEST(RoundRobin, GivesEachItsExactShareEveryRound) {
  std::vector<std::vector<std::uint32_t>> tables = {{5, 1, 1}, {90, 10}, {1, 2, 3, 4}, {7, 0, 3}, {1'000'000, 1}};
  for (const std::vector<std::uint32_t>& weights : tables) {
    std::unique_ptr<Balancer> balancer = MakeRoundRobin(weights, 0);
    int total = std::accumulate(weights.begin(), weights.end(), 0);
    std::vector<int> counts = Count(*balancer, weights.size(), total * 2);
    for (std::size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(counts[i], 2.0 * weights[i], 1) << i;
  }
}

TEST(RoundRobin, SpreadsAHeavyEndpointEvenly) {
  std::vector<std::uint32_t> weights = {3, 1};
  std::unique_ptr<Balancer> balancer = MakeRoundRobin(weights, 0);
  int run = 0;
  for (int i = 0; i < 100; ++i) {
    run = *balancer->Pick(0, SkipNone) == 0 ? run + 1 : 0;
    EXPECT_LE(run, 4);
  }
}

TEST(RoundRobin, SkipsWhatItIsToldTo) {
  for (std::vector<std::uint32_t> weights :
       {std::vector<std::uint32_t>{1, 1, 1}, std::vector<std::uint32_t>{1'000'000, 5, 1}}) {
    std::unique_ptr<Balancer> balancer = MakeRoundRobin(weights, 0);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(balancer->Pick(0, [](std::size_t index) { return index != 2; }), 2u);
    EXPECT_EQ(balancer->Pick(0, [](std::size_t) { return true; }), std::nullopt);
  }
}

TEST(EveryAlgorithm, NeverPicksAZeroWeightAndHasNothingToPickFromNothing) {
  for (const Algorithm& algorithm : Algorithms()) {
    std::vector<std::uint32_t> weights = {0, 4, 0, 1};
    std::unique_ptr<Balancer> balancer = algorithm.make(weights, 3);
    std::vector<int> counts = Count(*balancer, 4, 1000);
    EXPECT_EQ(counts[0], 0) << algorithm.name;
    EXPECT_EQ(counts[2], 0) << algorithm.name;
    EXPECT_GT(counts[3], 0) << algorithm.name;
    std::vector<std::uint32_t> zeros = {0, 0};
    EXPECT_EQ(algorithm.make(zeros, 0)->Pick(1, SkipNone), std::nullopt) << algorithm.name;
    EXPECT_EQ(algorithm.make({}, 0)->Pick(1, SkipNone), std::nullopt) << algorithm.name;
    std::unique_ptr<Balancer> skipping = algorithm.make(weights, 0);
    EXPECT_EQ(skipping->Pick(1, [](std::size_t i) { return i == 1; }), 3u) << algorithm.name;
  }
}

TEST(Random, PicksByWeightAndBySeedAlone) {
  std::vector<std::uint32_t> weights = {90, 10};
  std::unique_ptr<Balancer> balancer = MakeRandom(weights, 0);
  EXPECT_EQ(balancer->Pick(42, SkipNone), balancer->Pick(42, SkipNone));
  EXPECT_NEAR(Count(*balancer, 2, 10'000)[0], 9000, 200);
}

TEST(Algorithms, AreFoundByName) {
  EXPECT_EQ(FindAlgorithm("")->name, "round_robin");
  EXPECT_EQ(FindAlgorithm("random")->name, "random");
  EXPECT_EQ(FindAlgorithm("nonsense"), nullptr);
}

}  // namespace
}  // namespace penstock::upstream
