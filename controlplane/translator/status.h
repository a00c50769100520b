// Status of objects in the shape of the Gateway API.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/translator/state.h"

namespace penstock::translator {

using StatusPtr = std::shared_ptr<const api::ObjectStatus>;

api::Condition MakeCondition(std::string_view type, bool status, std::string_view reason, std::string_view message,
                             uint64_t generation);

// Of a Gateway of ours; `attached` has the number of routes of each of its listeners, in order.
StatusPtr GatewayStatusOf(const Upsert& gateway, const GatewayOutput& output, const std::vector<int32_t>& attached);
// Of a ListenerSet; `output` and `attached` are its Gateway's, nullptr: there is none.
StatusPtr ListenerSetStatusOf(const Upsert& set, const GatewayOutput* output, const std::vector<int32_t>& attached);

}  // namespace penstock::translator
