// What becomes of a route beside the others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controlplane/translator/state.h"

namespace penstock::translator {

// Decided when all routes are known. A listener of TCP or UDP carries one route, one of TLS one for each server name:
// the first by priority, age and name gets the connections, the others are told so.
RouteOutcome OutcomeOf(const Upsert& route, const RouteOutput& output, const State& state);

// The text under which a route of layer 4 claims a host ("" every one) of a listener.
std::string Layer4Claim(const std::string& listener, std::string_view hostname);

}  // namespace penstock::translator
