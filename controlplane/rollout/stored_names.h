// Names of the store's rollout state that the rollout writes itself.
#pragma once

#include <string_view>

namespace penstock::rollout {

// "rejected/EPOCH.NUMBER" -> the replica that rejected it first.
inline constexpr std::string_view kRejectedPrefix = "rejected/";
// Fleet::Remembered(), serialised.
inline constexpr std::string_view kReplicas = "replicas";

}  // namespace penstock::rollout
