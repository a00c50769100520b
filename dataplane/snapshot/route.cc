#include "dataplane/snapshot/route.h"

#include <algorithm>

#include "dataplane/base/random.h"
#include "dataplane/base/strings.h"

namespace penstock::snapshot {
namespace {

// What one seed is asked for must not hang together: each question mixes in its own constant.
constexpr uint64_t kClusterQuestion = 0x636c7573746572;
constexpr uint64_t kMirrorQuestion = 0x6d6972726f72;

}  // namespace

const WeightedCluster* PickCluster(const std::vector<WeightedCluster>& clusters, uint64_t total_weight, uint64_t seed) {
  if (total_weight == 0) return nullptr;
  uint64_t point = Random::Scale(Mix(seed ^ kClusterQuestion), total_weight);
  for (const WeightedCluster& cluster : clusters) {
    if (point < cluster.weight) return &cluster;
    point -= cluster.weight;
  }
  return nullptr;
}

bool Mirrored(const Mirror& mirror, size_t mirror_index, uint64_t seed) {
  if (mirror.cluster.empty()) return false;
  uint64_t point = Random::Scale(Mix(seed ^ (kMirrorQuestion + mirror_index)), mirror.denominator);
  return point < mirror.numerator;
}

std::string_view CompiledRule::ListenerChainFor(std::string_view listener) const {
  auto found = std::lower_bound(listener_chains.begin(), listener_chains.end(), listener,
                                [](const auto& entry, std::string_view name) { return entry.first < name; });
  bool other = found != listener_chains.end() && found->first == listener;
  return other ? std::string_view(found->second) : std::string_view(policy_chain);
}

std::string RuleLabel(const CompiledRoute& route, size_t rule) {
  const std::string& name = route.rules[rule].name;
  return name.empty() ? StrCat("rules[", rule, "]") : StrCat("rule \"", name, "\"");
}

}  // namespace penstock::snapshot
