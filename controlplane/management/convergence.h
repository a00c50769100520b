// When is a change "there"? Pure.
#pragma once

#include <cstdint>
#include <string>

#include "api/management/v1/management.pb.h"
#include "controlplane/rollout/fleet.h"

namespace penstock::management {

struct Goal {
  management::v1::WaitFor wait = management::v1::SERVED;
  uint32_t percent = 100;  // of the replicas that count, rounded up
  uint32_t at_least = 0;   // replicas
};

// A goal with its defaults filled in; 0: not given. A number of replicas is that number, however many there are.
Goal MakeGoal(management::v1::WaitFor wait, uint32_t percent, uint32_t at_least);

enum class Progress { kPending, kReached, kRejected };

// `rejected`: some replica refused the generation, so that it is halted.
Progress Judge(const Goal& goal, const rollout::Spread& spread, bool rejected);

// "served by 3/3 replicas", "stored; no replica connected", "acknowledged by 2/3 replicas".
std::string Describe(const Goal& goal, const rollout::Spread& spread);

}  // namespace penstock::management
