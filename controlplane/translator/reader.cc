#include "controlplane/translator/reader.h"

#include <algorithm>

#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/nearest.h"

namespace penstock::translator {
namespace {

// Comparing a mistyped name with more names than this is not worth the time.
constexpr size_t kMaxNamesCompared = 2000;

BackendShape ShapeOfBackend(const api::Backend& backend) {
  BackendShape shape;
  shape.exists = true;
  for (const api::BackendEndpoint& endpoint : backend.spec().endpoints()) {
    if (endpoint.has_port()) shape.ports.insert(endpoint.port());
    shape.unix_sockets = shape.unix_sockets || !endpoint.unix().empty();
  }
  if (AppProtocol protocol = AppProtocolOf(backend.spec()); protocol != AppProtocol()) shape.protocols[0] = protocol;
  shape.proxy_protocol = !backend.spec().proxy_protocol().empty();
  if (!backend.spec().has_dns()) return shape;
  const api::BackendDns& dns = backend.spec().dns();
  auto add = [&](bool has_port, uint32_t port) {
    if (has_port) {
      shape.ports.insert(port);
    } else {
      shape.any_port = shape.needs_port = true;
    }
  };
  if (dns.names().empty()) add(dns.has_port(), dns.port());
  for (const api::BackendDnsName& name : dns.names()) {
    add(name.has_port() || dns.has_port(), name.has_port() ? name.port() : dns.port());
  }
  return shape;
}

BackendShape ShapeOfService(const api::Service& service) {
  BackendShape shape;
  shape.exists = shape.needs_port = true;
  for (const api::ServicePort& port : service.spec().ports()) {
    if (port.protocol() == "UDP") shape.udp_ports.insert(port.port());
    if (!port.protocol().empty() && port.protocol() != "TCP") continue;
    shape.ports.insert(port.port());
    AppProtocol protocol = AppProtocolOf(port.app_protocol());
    if (protocol != AppProtocol()) shape.protocols[port.port()] = protocol;
  }
  return shape;
}

}  // namespace

AppProtocol BackendShape::ProtocolOn(uint32_t port) const {
  auto found = protocols.find(port);
  if (found == protocols.end()) found = protocols.find(0);
  return found == protocols.end() ? AppProtocol() : found->second;
}

BackendShape ShapeOf(const manifests::Object* object) {
  if (object == nullptr) return {};
  if (const api::Backend* backend = object->As<api::Backend>()) return ShapeOfBackend(*backend);
  if (const api::Service* service = object->As<api::Service>()) return ShapeOfService(*service);
  return {};
}

const Upsert* Reader::Object(const ObjectKey& key) {
  reads_.push_back(ObjectDep(key));
  return state_.objects.Find(key);
}

BackendShape Reader::Shape(const ObjectKey& key) {
  reads_.push_back(ShapeDep(key));
  const Upsert* upsert = state_.objects.Find(key);
  return ShapeOf(upsert == nullptr ? nullptr : upsert->object.get());
}

const GatewayOutput* Reader::Gateway(const ObjectKey& key) {
  reads_.push_back(GatewayDep(key));
  const std::shared_ptr<const GatewayOutput>* output = state_.gateways.Find(key);
  return output == nullptr ? nullptr : output->get();
}

std::vector<const Upsert*> Reader::Grants(std::string_view ns) { return Members(GrantsDep(ns)); }
std::vector<const Upsert*> Reader::PoliciesOn(const ObjectKey& target) { return Members(PoliciesDep(target)); }
std::vector<const Upsert*> Reader::BackendTlsPolicies(const ObjectKey& target) {
  return Members(BackendTlsDep(target));
}
std::vector<const Upsert*> Reader::Slices(std::string_view ns, std::string_view service) {
  return Members(SlicesDep(ns, service));
}
std::vector<const Upsert*> Reader::GatewaysOnPort(std::string_view gateway_class, uint32_t port) {
  return Members(PortDep(gateway_class, port));
}
std::vector<const Upsert*> Reader::ListenerSetsOnPort(uint32_t port) { return Members(SetPortDep(port)); }
std::vector<const Upsert*> Reader::ListenerSetsOf(const ObjectKey& gateway) {
  return Members(ListenerSetsDep(gateway));
}

std::vector<const Upsert*> Reader::Claiming(const std::string& credential) { return Members(credential); }

bool Reader::TakesTokensOf(const std::string& issuer) { return !Members(IssuerDep(issuer)).empty(); }

std::string Reader::DidYouMean(std::string_view name, std::string_view ns, const std::vector<std::string_view>& kinds) {
  std::vector<std::string> names;
  for (std::string_view kind : kinds) {
    std::string dep = NamesDep(kind, ns);
    const PersistentSet<ObjectKey>* known = state_.index.Find(dep);
    reads_.push_back(std::move(dep));
    if (known == nullptr || known->size() > kMaxNamesCompared) continue;
    known->ForEach([&](const ObjectKey& key) { names.push_back(key.name); });
  }
  std::sort(names.begin(), names.end());
  std::vector<std::string_view> candidates(names.begin(), names.end());
  return manifests::DidYouMean(manifests::Nearest(name, candidates));
}

std::string Reader::StepForMissing(std::string_view name, std::string_view ns,
                                   const std::vector<std::string_view>& kinds) {
  std::string near = DidYouMean(name, ns, kinds);
  return near.empty() ? "create it; to delete it, take its name out of here first" : near;
}

std::vector<std::string> Reader::TakeReads() {
  std::sort(reads_.begin(), reads_.end());
  reads_.erase(std::unique(reads_.begin(), reads_.end()), reads_.end());
  return std::move(reads_);
}

std::vector<const Upsert*> Reader::Members(std::string dep) {
  std::vector<const Upsert*> members;
  if (const PersistentSet<ObjectKey>* keys = state_.index.Find(dep)) {
    keys->ForEach([&](const ObjectKey& key) { members.push_back(state_.objects.Find(key)); });
  }
  std::sort(members.begin(), members.end(), [](const Upsert* a, const Upsert* b) { return OlderThan(*a, *b); });
  reads_.push_back(std::move(dep));
  return members;
}

bool OlderThan(const Upsert& a, const Upsert& b) {
  if (a.first_generation != b.first_generation) return a.first_generation < b.first_generation;
  return a.object->key() < b.object->key();
}

}  // namespace penstock::translator
