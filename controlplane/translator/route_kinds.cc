#include "controlplane/translator/route_kinds.h"

#include <algorithm>

#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

struct Carrier {
  std::string_view protocol;
  std::string_view kind;
};
constexpr Carrier kCarriers[] = {
    {"HTTP", "HTTPRoute"}, {"HTTP", "GRPCRoute"}, {"HTTPS", "HTTPRoute"}, {"HTTPS", "GRPCRoute"},
    {"TLS", "TLSRoute"},   {"TCP", "TCPRoute"},   {"UDP", "UDPRoute"},
};

}  // namespace

bool IsRouteKind(std::string_view kind) {
  return std::any_of(std::begin(kCarriers), std::end(kCarriers), [&](const Carrier& row) { return row.kind == kind; });
}

std::vector<std::string_view> KindsOf(std::string_view protocol) {
  std::vector<std::string_view> kinds;
  for (const Carrier& row : kCarriers) {
    if (row.protocol == protocol) kinds.push_back(row.kind);
  }
  return kinds;
}

Transport TransportOf(std::string_view protocol) {
  if (protocol == "HTTPS" || protocol == "TLS") return Transport::kTls;
  if (protocol == "TCP") return Transport::kTcp;
  return protocol == "UDP" ? Transport::kUdp : Transport::kHttp;
}

std::string ListOf(const std::vector<std::string_view>& names) {
  std::string list;
  for (std::string_view name : names) manifests::Append(list, list.empty() ? "" : ", ", name);
  return list;
}

}  // namespace penstock::translator
