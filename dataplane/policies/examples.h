#pragma once

#include <memory>
#include <string_view>

#include "google/protobuf/message.h"

namespace penstock::policies {

// A configuration of the policy TYPE that does something, from the line of policies.bzl: for the contract test.
std::unique_ptr<google::protobuf::Message> ExampleOf(std::string_view type);

}  // namespace penstock::policies
