#include "controlplane/translator/backend_refs.h"

#include <algorithm>
#include <utility>

#include "api/manifests/v1/referencegrant.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/keys.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

enum class Wanted { kEither, kService, kBackend, kUnknown };

Wanted WantedKind(const api::BackendObjectReference& ref) {
  if (ref.kind().empty()) return ref.group().empty() ? Wanted::kEither : Wanted::kUnknown;
  if (ref.kind() == "Service" && ref.group().empty()) return Wanted::kService;
  if (ref.kind() == "Backend" && (ref.group().empty() || ref.group() == kPenstockGroup)) return Wanted::kBackend;
  return Wanted::kUnknown;
}

bool Permits(const api::ReferenceGrantSpec& grant, const ObjectKey& from, const ObjectKey& to) {
  bool who = std::any_of(grant.from().begin(), grant.from().end(), [&](const api::ReferenceGrantFrom& f) {
    return f.group() == from.group && f.kind() == from.kind && f.namespace_() == from.ns;
  });
  return who && std::any_of(grant.to().begin(), grant.to().end(), [&](const api::ReferenceGrantTo& t) {
           return t.group() == to.group && t.kind() == to.kind && (t.name().empty() || t.name() == to.name);
         });
}

bool IsPermitted(const ObjectKey& from, const ObjectKey& to, Reader& reader) {
  if (from.ns == to.ns) return true;
  std::vector<const Upsert*> grants = reader.Grants(to.ns);
  return std::any_of(grants.begin(), grants.end(), [&](const Upsert* grant) {
    return Permits(grant->object->As<api::ReferenceGrant>()->spec(), from, to);
  });
}

ResolvedBackend Unresolved(std::string_view reason, std::string problem) {
  return {.cluster = "", .problem = std::move(problem), .reason = std::string(reason)};
}

std::string PortList(const BackendShape& shape) {
  std::string list;
  for (uint32_t port : shape.ports) manifests::Append(list, list.empty() ? "it has " : ", ", port);
  return list;
}

// Which of the two kinds a reference means. Gateway API says Service where no kind is written; Penstock without
// Kubernetes has Backends, so they are next.
ObjectKey Choose(const api::BackendObjectReference& ref, Wanted wanted, const std::string& path, const ObjectKey& route,
                 Reader& reader, FindingSink& findings) {
  std::string_view ns = ref.namespace_().empty() ? std::string_view(route.ns) : std::string_view(ref.namespace_());
  ObjectKey service = ServiceKey(ns, ref.name());
  ObjectKey backend = BackendKey(ns, ref.name());
  if (wanted == Wanted::kService) return service;
  if (wanted == Wanted::kBackend || !reader.Shape(service).exists) return backend;
  if (reader.Shape(backend).exists) {
    findings.Warning(path + ".name", "W205",
                     Cat("both a Service and a Backend are called \"", ref.name(), "\"; the Service is meant"),
                     "write kind: Service, or group: penstock.dev and kind: Backend");
  }
  return service;
}

ResolvedBackend ResolvePort(const api::BackendObjectReference& ref, const std::string& path, const ObjectKey& key,
                            const BackendShape& shape, FindingSink& findings) {
  uint32_t port = static_cast<uint32_t>(ref.port());
  std::string problem;
  if (!ref.has_port() && shape.needs_port) {
    problem = Cat("the reference to ", key.ToString(), " needs a port");
    findings.Unresolved(path, "E102", problem, PortList(shape));
  } else if (ref.has_port() && !shape.any_port && !shape.ports.contains(port) &&
             !(shape.ports.empty() && key.kind == "Backend")) {
    problem = Cat(key.ToString(), " has no port ", port);
    findings.Unresolved(path + ".port", "E102", problem, PortList(shape));
  }
  if (!problem.empty()) return Unresolved("BackendNotFound", problem);
  ClusterId id{.service = key.kind == "Service", .ns = key.ns, .name = key.name, .port = port};
  return {.cluster = id.ToString(), .problem = "", .reason = ""};
}

}  // namespace

ResolvedBackend ResolveBackend(const api::BackendObjectReference& ref, const std::string& path, const ObjectKey& route,
                               Reader& reader, FindingSink& findings) {
  Wanted wanted = WantedKind(ref);
  if (wanted == Wanted::kUnknown) {
    std::string problem = Cat("requests cannot be sent to kind ", ref.kind().empty() ? ref.group() : ref.kind());
    findings.Unresolved(path + ".kind", "E104", problem, "name a Service, or a Backend of group penstock.dev");
    return Unresolved("InvalidKind", problem);
  }
  ObjectKey key = Choose(ref, wanted, path, route, reader, findings);
  // Asked before existence, so that nobody can find out what other namespaces hold.
  if (!IsPermitted(route, key, reader)) {
    std::string problem = Cat("no ReferenceGrant in namespace \"", key.ns, "\" lets HTTPRoutes of \"", route.ns,
                              "\" refer to ", key.kind, " \"", key.name, "\"");
    findings.Unresolved(path + ".namespace", "E103", problem, "add a ReferenceGrant there");
    return Unresolved("RefNotPermitted", problem);
  }
  BackendShape shape = reader.Shape(key);
  if (!shape.exists) {
    std::string problem = Cat(key.kind, " \"", key.name, "\" does not exist");
    if (key.ns != route.ns) manifests::Append(problem, " in namespace \"", key.ns, "\"");
    std::vector<std::string_view> kinds{"Backend", "Service"};
    if (wanted == Wanted::kService) kinds = {"Service"};
    if (wanted == Wanted::kBackend) kinds = {"Backend"};
    findings.Unresolved(path + ".name", "E101", problem, reader.DidYouMean(key.name, key.ns, kinds));
    return Unresolved("BackendNotFound", problem);
  }
  return ResolvePort(ref, path, key, shape, findings);
}

api::BackendObjectReference ReferenceOf(const api::HTTPBackendRef& ref) {
  api::BackendObjectReference reference;
  reference.set_group(ref.group());
  reference.set_kind(ref.kind());
  reference.set_name(ref.name());
  reference.set_namespace_(ref.namespace_());
  if (ref.has_port()) reference.set_port(ref.port());
  return reference;
}

}  // namespace penstock::translator
