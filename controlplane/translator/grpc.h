// GRPCRoute -> HTTPRoute: a gRPC call is an HTTP request whose path names service and method.
#pragma once

#include "api/manifests/v1/grpcroute.pb.h"
#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// The HTTPRoute that means the same: rules, matches, filters and backendRefs have the same places, so that a finding's
// path is good for both (but `.path`, which is `.method` here).
api::HTTPRouteSpec AsHttpRoute(const api::GRPCRouteSpec& spec);

// What AsHttpRoute cannot say: services and methods that no call can have.
void CheckMethods(const api::GRPCRouteSpec& spec, FindingSink& findings);

}  // namespace penstock::translator
