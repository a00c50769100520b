#include "controlplane/translator/keys.h"

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
ObjectKey RouteKey(std::string_view ns, std::string_view name) { return MakeKey(kGatewayGroup, "HTTPRoute", ns, name); }
ObjectKey NamespaceKey(std::string_view name) { return MakeKey("", "Namespace", "", name); }
ObjectKey ServiceKey(std::string_view ns, std::string_view name) { return MakeKey("", "Service", ns, name); }
ObjectKey BackendKey(std::string_view ns, std::string_view name) {
  return MakeKey(kPenstockGroup, "Backend", ns, name);
}

std::string NamespacedName(const ObjectKey& key) { return Cat(key.ns, '/', key.name); }

std::string ClusterId::ToString() const {
  std::string text = Cat(service ? "service/" : "backend/", ns, '/', name);
  if (port != 0) manifests::Append(text, ':', port);
  return text;
}

ClusterId ClusterId::Parse(std::string_view text) {
  ClusterId id;
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

std::string ObjectDep(const ObjectKey& key) { return Cat("o:", key.group, '/', key.kind, '/', key.ns, '/', key.name); }
std::string ShapeDep(const ObjectKey& key) { return Cat("b:", key.kind, '/', key.ns, '/', key.name); }
std::string GatewayDep(const ObjectKey& key) { return Cat("G:", key.ns, '/', key.name); }
std::string GrantsDep(std::string_view ns) { return Cat("g:", ns); }
std::string PoliciesDep(const ObjectKey& target) { return Cat("p:", target.kind, '/', target.ns, '/', target.name); }
std::string SlicesDep(std::string_view ns, std::string_view service) { return Cat("s:", ns, '/', service); }
std::string PortDep(std::string_view gateway_class, uint32_t port) { return Cat("l:", gateway_class, ':', port); }
std::string NamesDep(std::string_view kind, std::string_view ns) { return Cat("n:", kind, '/', ns); }

}  // namespace penstock::translator
