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
ObjectKey ListenerSetKey(std::string_view ns, std::string_view name);
ObjectKey RouteKey(std::string_view kind, std::string_view ns, std::string_view name);
ObjectKey NamespaceKey(std::string_view name);
ObjectKey ServiceKey(std::string_view ns, std::string_view name);
ObjectKey BackendKey(std::string_view ns, std::string_view name);
ObjectKey SecretKey(std::string_view ns, std::string_view name);
ObjectKey ConfigMapKey(std::string_view ns, std::string_view name);

// "NAMESPACE/NAME"
std::string NamespacedName(const ObjectKey& key);

// The name of a Listener: "NS/GATEWAY/LISTENER", or "listenerset/NS/LISTENERSET/LISTENER". `owner`: the Gateway or
// ListenerSet that it is written in.
std::string ListenerName(const ObjectKey& owner, std::string_view listener);
struct NamedListener {
  ObjectKey owner;
  std::string name;
};
// Of any text; the parts that are missing are empty.
NamedListener ParseListenerName(std::string_view text);

// What a Cluster stands for, and its name: "backend/NS/NAME", "backend/NS/NAME:PORT", "service/NS/NAME:PORT", each with
// "+grpc", "+udp" or "+passthrough" behind it for connections of another kind to the same object, and
// "@GATEWAY_NS/GATEWAY" for those that show a certificate of that Gateway.
struct ClusterId {
  enum class Variant {
    kPlain,
    kGrpc,         // in HTTP/2, whatever others speak to it
    kUdp,          // the UDP ports of a Service
    kPassthrough,  // without TLS of its own: the bytes are TLS already
  };
  bool service = false;
  std::string ns;
  std::string name;
  uint32_t port = 0;  // 0: every port (Backend only)
  Variant variant = Variant::kPlain;
  std::string gateway;  // "NS/NAME", whose certificate is shown; "" none

  std::string ToString() const;
  // REQUIRES: `text` is from ToString().
  static ClusterId Parse(std::string_view text);
  ObjectKey Object() const;
};

// Can connections of this kind have TLS?
bool CanHaveTls(ClusterId::Variant variant);

// What the data planes need of a Secret or ConfigMap: a certificate with its key (tls.crt, tls.key), the certificates
// of authorities (ca.crt), or one value. Its resource has these keys and no others; its name: "NS/NAME",
// "ca/secret/NS/NAME", "ca/configmap/NS/NAME", "value/NS/NAME/KEY".
struct SecretId {
  enum class Use { kCertificate, kAuthorities, kValue };
  Use use = Use::kCertificate;
  bool config_map = false;  // of kAuthorities
  std::string ns;
  std::string name;
  std::string key = {};  // of kValue

  std::string ToString() const;
  // REQUIRES: `text` is from ToString().
  static SecretId Parse(std::string_view text);
  ObjectKey Object() const;
};

// --- What can be read. Each is the text of one dependency. ---

std::string ObjectDep(const ObjectKey& key);         // the contents of an object, or that there is none
std::string ShapeDep(const ObjectKey& key);          // of a Backend or Service: existence and ports
std::string GatewayDep(const ObjectKey& key);        // how a Gateway was translated
std::string BackendTlsDep(const ObjectKey& target);  // BackendTLSPolicies whose targetRefs name an object
std::string GrantsDep(std::string_view ns);          // ReferenceGrants of a namespace
std::string PoliciesDep(const ObjectKey& target);    // policies whose targetRefs name an object
std::string SlicesDep(std::string_view ns, std::string_view service);
std::string PortDep(std::string_view gateway_class, uint32_t port);  // Gateways of a class with listeners on a port
std::string SetPortDep(uint32_t port);                               // ListenerSets with listeners on a port
std::string ListenerSetsDep(const ObjectKey& gateway);               // ListenerSets whose parentRef names a Gateway
std::string NamesDep(std::string_view kind, std::string_view ns);    // which objects of a kind there are

// Consumers and ApiKeys that claim one credential.
std::string TokenDep(std::string_view issuer, std::string_view subject);
std::string CertificateDep(std::string_view name);
std::string UserDep(std::string_view ns, std::string_view name);  // of the SecurityPolicies with `basic` of a namespace
std::string ApiKeyDep(std::string_view sha256);
// SecurityPolicies that take tokens of an issuer; "": of any.
std::string IssuerDep(std::string_view issuer);

}  // namespace penstock::translator
