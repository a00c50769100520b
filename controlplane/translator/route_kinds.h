// The kinds of routes and what carries them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/translator/state.h"

namespace penstock::translator {

// Is an object of this kind a route?
bool IsRouteKind(std::string_view kind);

// The kinds that listeners of a protocol can carry.
std::vector<std::string_view> KindsOf(std::string_view protocol);

// How listeners of a protocol tell connections apart.
Transport TransportOf(std::string_view protocol);

// "a, b, c"
std::string ListOf(const std::vector<std::string_view>& names);

}  // namespace penstock::translator
