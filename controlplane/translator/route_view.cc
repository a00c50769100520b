#include "controlplane/translator/route_view.h"

#include <algorithm>

#include "api/manifests/v1/grpcroute.pb.h"
#include "api/manifests/v1/layer4.pb.h"
#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

const google::protobuf::RepeatedPtrField<std::string> kNoHostnames;

struct KindPrefix {
  std::string_view kind;
  std::string_view prefix;  // of the resource's name
  bool layer4;
};
constexpr KindPrefix kPrefixes[] = {
    {"HTTPRoute", "", false},        {"GRPCRoute", "grpcroute/", false}, {"TLSRoute", "tlsroute/", true},
    {"TCPRoute", "tcproute/", true}, {"UDPRoute", "udproute/", true},
};

}  // namespace

RouteView ViewOf(const manifests::Object& route) {
  if (const auto* grpc = route.As<api::GRPCRoute>()) return {grpc->spec().parent_refs(), grpc->spec().hostnames()};
  if (const auto* tls = route.As<api::TLSRoute>()) return {tls->spec().parent_refs(), tls->spec().hostnames()};
  if (const auto* tcp = route.As<api::TCPRoute>()) return {tcp->spec().parent_refs(), kNoHostnames};
  if (const auto* udp = route.As<api::UDPRoute>()) return {udp->spec().parent_refs(), kNoHostnames};
  const api::HTTPRouteSpec& spec = route.As<api::HTTPRoute>()->spec();
  return {spec.parent_refs(), spec.hostnames()};
}

bool IsLayer4(std::string_view kind) {
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](const KindPrefix& row) { return row.kind == kind && row.layer4; });
}

std::string RouteResourceName(const ObjectKey& route) {
  for (const KindPrefix& row : kPrefixes) {
    if (row.kind == route.kind) return manifests::Cat(row.prefix, NamespacedName(route));
  }
  return NamespacedName(route);
}

ObjectKey RouteOf(std::string_view resource_name) {
  std::string_view name = resource_name.substr(0, resource_name.find('@'));
  if (name.ends_with(kTerminateSuffix)) name.remove_suffix(kTerminateSuffix.size());
  std::string_view kind = "HTTPRoute";
  // A namespace may be called like a prefix: names of its HTTPRoutes have one part less.
  bool prefixed = std::count(name.begin(), name.end(), '/') == 2;
  for (const KindPrefix& row : kPrefixes) {
    if (!prefixed || row.prefix.empty() || !name.starts_with(row.prefix)) continue;
    kind = row.kind;
    name.remove_prefix(row.prefix.size());
    break;
  }
  std::string_view ns = name.substr(0, name.find('/'));
  return RouteKey(kind, ns, name.substr(std::min(ns.size() + 1, name.size())));
}

}  // namespace penstock::translator
