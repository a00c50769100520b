#include "dataplane/upstream/lb/balancer.h"

namespace penstock::upstream {
namespace {

constexpr Algorithm kAlgorithms[] = {
    {"round_robin", MakeRoundRobin},
    {"random", MakeRandom},
};

}  // namespace

std::span<const Algorithm> Algorithms() { return kAlgorithms; }

const Algorithm* FindAlgorithm(std::string_view name) {
  if (name.empty()) return &kAlgorithms[0];
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

}  // namespace penstock::upstream
