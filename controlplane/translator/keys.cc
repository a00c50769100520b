#include "controlplane/translator/keys.h"

#include <algorithm>

#include "controlplane/manifests/text.h"

namespace penstock::translator {

using manifests::Cat;

namespace {

ObjectKey MakeKey(std::string_view group, std::string_view kind, std::string_view ns, std::string_view name) {
  return ObjectKey{std::string(group), std::string(kind), std::string(ns), std::string(name)};
}

}  // namespace

ObjectKey GatewayClassKey(std::string_view name) { return MakeKey(kGatewayGroup, "GatewayClass", "", name); }
ObjectKey GatewayKey(std::string_view ns, std::string_view name) { return MakeKey(kGatewayGroup, "Gateway", ns, name); }
ObjectKey ListenerSetKey(std::string_view ns, std::string_view name) {
  return MakeKey(kGatewayGroup, "ListenerSet", ns, name);
}
ObjectKey RouteKey(std::string_view kind, std::string_view ns, std::string_view name) {
  return MakeKey(kGatewayGroup, kind, ns, name);
}
ObjectKey NamespaceKey(std::string_view name) { return MakeKey("", "Namespace", "", name); }
ObjectKey ServiceKey(std::string_view ns, std::string_view name) { return MakeKey("", "Service", ns, name); }
ObjectKey BackendKey(std::string_view ns, std::string_view name) {
  return MakeKey(kPenstockGroup, "Backend", ns, name);
}
ObjectKey SecretKey(std::string_view ns, std::string_view name) { return MakeKey("", "Secret", ns, name); }
ObjectKey ConfigMapKey(std::string_view ns, std::string_view name) { return MakeKey("", "ConfigMap", ns, name); }

std::string NamespacedName(const ObjectKey& key) { return Cat(key.ns, '/', key.name); }

constexpr std::string_view kListenerSetPrefix = "listenerset/";

std::string ListenerName(const ObjectKey& owner, std::string_view listener) {
  std::string_view prefix = owner.kind == "ListenerSet" ? kListenerSetPrefix : "";
  return Cat(prefix, NamespacedName(owner), '/', listener);
}

NamedListener ParseListenerName(std::string_view text) {
  auto take = [&text] {
    std::string_view part = text.substr(0, text.find('/'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
  };
  // A namespace may be called like the prefix: names of its Gateways' listeners have one part less.
  bool in_set = text.starts_with(kListenerSetPrefix) && std::count(text.begin(), text.end(), '/') == 3;
  if (in_set) text.remove_prefix(kListenerSetPrefix.size());
  std::string_view ns = take();
  std::string_view name = take();
  return {in_set ? ListenerSetKey(ns, name) : GatewayKey(ns, name), std::string(take())};
}

namespace {

struct VariantSuffix {
  ClusterId::Variant variant;
  std::string_view suffix;
};
constexpr VariantSuffix kVariants[] = {{ClusterId::Variant::kGrpc, "+grpc"},
                                       {ClusterId::Variant::kUdp, "+udp"},
                                       {ClusterId::Variant::kPassthrough, "+passthrough"}};

}  // namespace

std::string ClusterId::ToString() const {
  std::string text = Cat(service ? "service/" : "backend/", ns, '/', name);
  if (port != 0) manifests::Append(text, ':', port);
  for (const VariantSuffix& row : kVariants) {
    if (row.variant == variant) text += row.suffix;
  }
  if (!gateway.empty()) manifests::Append(text, '@', gateway);
  return text;
}

ClusterId ClusterId::Parse(std::string_view text) {
  ClusterId id;
  if (size_t at = text.find('@'); at != std::string_view::npos) {
    id.gateway = std::string(text.substr(at + 1));
    text = text.substr(0, at);
  }
  for (const VariantSuffix& row : kVariants) {
    if (!text.ends_with(row.suffix)) continue;
    id.variant = row.variant;
    text.remove_suffix(row.suffix.size());
  }
  id.service = text.starts_with("service/");
  text.remove_prefix(text.find('/') + 1);
  id.ns = std::string(text.substr(0, text.find('/')));
  text.remove_prefix(id.ns.size() + 1);
  size_t colon = text.rfind(':');
  id.name = std::string(text.substr(0, colon));
  if (colon != std::string_view::npos) manifests::ReadNumber(text.substr(colon + 1), id.port);
  return id;
}

ObjectKey ClusterId::Object() const { return service ? ServiceKey(ns, name) : BackendKey(ns, name); }

bool CanHaveTls(ClusterId::Variant variant) {
  return variant == ClusterId::Variant::kPlain || variant == ClusterId::Variant::kGrpc;
}

constexpr std::string_view kSecretAuthorities = "ca/secret/";
constexpr std::string_view kConfigMapAuthorities = "ca/configmap/";

constexpr std::string_view kSecretValue = "value/";

std::string SecretId::ToString() const {
  if (use == Use::kValue) return Cat(kSecretValue, ns, '/', name, '/', key);
  std::string_view prefix = config_map ? kConfigMapAuthorities : kSecretAuthorities;
  return Cat(use == Use::kCertificate ? std::string_view() : prefix, ns, '/', name);
}

SecretId SecretId::Parse(std::string_view text) {
  SecretId id;
  // A namespace may be called like the prefix: names of certificates have two parts less.
  if (text.starts_with(kSecretValue) && std::count(text.begin(), text.end(), '/') == 3) {
    id.use = Use::kValue;
    text.remove_prefix(kSecretValue.size());
    id.key = std::string(text.substr(text.rfind('/') + 1));
    text = text.substr(0, text.rfind('/'));
  }
  id.config_map = text.starts_with(kConfigMapAuthorities);
  if (id.config_map || text.starts_with(kSecretAuthorities)) {
    id.use = Use::kAuthorities;
    text.remove_prefix(id.config_map ? kConfigMapAuthorities.size() : kSecretAuthorities.size());
  }
  id.ns = std::string(text.substr(0, text.find('/')));
  id.name = std::string(text.substr(id.ns.size() + 1));
  return id;
}

ObjectKey SecretId::Object() const { return config_map ? ConfigMapKey(ns, name) : SecretKey(ns, name); }

std::string ObjectDep(const ObjectKey& key) { return Cat("o:", key.group, '/', key.kind, '/', key.ns, '/', key.name); }
std::string ShapeDep(const ObjectKey& key) { return Cat("b:", key.kind, '/', key.ns, '/', key.name); }
std::string GatewayDep(const ObjectKey& key) { return Cat("G:", key.ns, '/', key.name); }
std::string BackendTlsDep(const ObjectKey& target) { return Cat("t:", target.kind, '/', target.ns, '/', target.name); }
std::string GrantsDep(std::string_view ns) { return Cat("g:", ns); }
std::string PoliciesDep(const ObjectKey& target) { return Cat("p:", target.kind, '/', target.ns, '/', target.name); }
std::string SlicesDep(std::string_view ns, std::string_view service) { return Cat("s:", ns, '/', service); }
std::string PortDep(std::string_view gateway_class, uint32_t port) { return Cat("l:", gateway_class, ':', port); }
std::string SetPortDep(uint32_t port) { return Cat("m:", port); }
std::string ListenerSetsDep(const ObjectKey& gateway) { return Cat("S:", gateway.ns, '/', gateway.name); }
std::string NamesDep(std::string_view kind, std::string_view ns) { return Cat("n:", kind, '/', ns); }
std::string TokenDep(std::string_view issuer, std::string_view subject) {
  return Cat("c:token:", issuer, std::string_view("\0", 1), subject);
}
std::string CertificateDep(std::string_view name) { return Cat("c:certificate:", name); }
std::string UserDep(std::string_view ns, std::string_view name) { return Cat("c:user:", ns, '/', name); }
std::string ApiKeyDep(std::string_view sha256) { return Cat("c:key:", sha256); }
std::string IssuerDep(std::string_view issuer) { return Cat("i:", issuer); }

}  // namespace penstock::translator
