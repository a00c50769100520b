// What the kinds of routes have in common.
#pragma once

#include <string>
#include <vector>

#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// Lives as long as the object.
struct RouteView {
  const google::protobuf::RepeatedPtrField<api::ParentReference>& parent_refs;
  const google::protobuf::RepeatedPtrField<std::string>& hostnames;  // none for kinds that have no hosts
};

// REQUIRES: the object is a route.
RouteView ViewOf(const manifests::Object& route);

// Is it a route of layer 4, which carries the bytes of connections?
bool IsLayer4(std::string_view kind);

// Behind the name of the Route of a TLSRoute for listeners that end TLS.
inline constexpr std::string_view kTerminateSuffix = "+terminate";

// The name of a Route: "NS/NAME" of an HTTPRoute, "tcproute/NS/NAME" of the other kinds; `@GATEWAY_NS/GATEWAY` behind
// it for Gateways other than the first one.
std::string RouteResourceName(const ObjectKey& route);
// The object that a Route was made of. REQUIRES: it was made by us.
ObjectKey RouteOf(std::string_view resource_name);

}  // namespace penstock::translator
