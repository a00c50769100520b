// Names: of objects by kind, of resources, and of what a part of the translation read (so that a change finds what
// depends on it).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/manifests/object.h"

namespace penstock::translator {

using manifests::ObjectKey;

inline constexpr std::string_view kGatewayGroup = "gateway.networking.k8s.io";
inline constexpr std::string_view kPenstockGroup = "penstock.dev";
inline constexpr std::string_view kDiscoveryGroup = "discovery.k8s.io";

ObjectKey GatewayClassKey(std::string_view name);
ObjectKey GatewayKey(std::string_view ns, std::string_view name);
ObjectKey RouteKey(std::string_view ns, std::string_view name);
ObjectKey NamespaceKey(std::string_view name);
ObjectKey ServiceKey(std::string_view ns, std::string_view name);
ObjectKey BackendKey(std::string_view ns, std::string_view name);

// "NAMESPACE/NAME"
std::string NamespacedName(const ObjectKey& key);

// What a Cluster stands for, and its name: "backend/NS/NAME", "backend/NS/NAME:PORT", "service/NS/NAME:PORT".
struct ClusterId {
  bool service = false;
  std::string ns;
  std::string name;
  uint32_t port = 0;  // 0: every port (Backend only)

  std::string ToString() const;
  // REQUIRES: `text` is from ToString().
  static ClusterId Parse(std::string_view text);
  ObjectKey Object() const;
};

// --- What can be read. Each is the text of one dependency. ---

std::string ObjectDep(const ObjectKey& key);       // the contents of an object, or that there is none
std::string ShapeDep(const ObjectKey& key);        // of a Backend or Service: existence and ports
std::string GatewayDep(const ObjectKey& key);      // how a Gateway was translated
std::string GrantsDep(std::string_view ns);        // ReferenceGrants of a namespace
std::string PoliciesDep(const ObjectKey& target);  // policies whose targetRefs name an object
std::string SlicesDep(std::string_view ns, std::string_view service);
std::string PortDep(std::string_view gateway_class, uint32_t port);  // Gateways of a class with listeners on a port
std::string NamesDep(std::string_view kind, std::string_view ns);    // which objects of a kind there are

}  // namespace penstock::translator
