#include "controlplane/translator/backend_refs.h"

#include <set>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/backend_tls.h"
#include "controlplane/translator/grants.h"
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

ResolvedBackend Unresolved(std::string_view reason, std::string problem) {
  return {.cluster = "", .problem = std::move(problem), .reason = std::string(reason)};
}

using Http = AppProtocol::Http;

std::string PortList(const std::set<uint32_t>& ports) {
  std::string list;
  for (uint32_t port : ports) manifests::Append(list, list.empty() ? "it has " : ", ", port);
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

bool IsGrpc(const ObjectKey& referrer, Speech speech) {
  return speech == Speech::kGrpc || referrer.kind == "GRPCRoute";
}

// How a backend is spoken to that says nothing of it, or HTTP.
ClusterId::Variant VariantFor(const ObjectKey& referrer, Speech speech, const ObjectKey& key, Http http) {
  if (IsGrpc(referrer, speech) && http == Http::kUnsaid) return ClusterId::Variant::kGrpc;
  bool udp = referrer.kind == "UDPRoute" && key.kind == "Service";
  return udp ? ClusterId::Variant::kUdp : ClusterId::Variant::kPlain;
}

// Why a route or policy cannot use a backend, "" if it can.
std::string ProtocolProblem(const ObjectKey& route, Speech speech, const ObjectKey& key, const BackendShape& shape,
                            Http http) {
  bool sees_connections = route.kind == "TCPRoute" || route.kind == "TLSRoute";
  if (IsGrpc(route, speech) && (http == Http::kHttp1 || http == Http::kWebSocket))
    return Cat("gRPC needs HTTP/2, which ", key.ToString(), " does not speak there");
  if (shape.proxy_protocol && !sees_connections)
    return Cat(key.ToString(), " has proxyProtocol, which is for TCPRoutes and TLSRoutes only");
  if (route.kind != "UDPRoute" || key.kind != "Backend") return "";
  return shape.unix_sockets ? Cat(key.ToString(), " has Unix sockets, and datagrams go to addresses") : "";
}

// Why datagrams cannot be sent to a backend in cleartext, "" if they can. They are never sent otherwise.
std::string DatagramProblem(const ClusterId& id, Reader& reader) {
  std::optional<BackendTlsSource> tls = FindBackendTls(id, reader);
  if (!tls.has_value()) return "";
  ObjectKey key = id.Object();
  std::string by = tls->object.key() == key ? "tls" : Cat("TLS by ", tls->object.key().ToString());
  return Cat(key.ToString(), " has ", by, ", and datagrams have none");
}

ResolvedBackend ResolvePort(const api::BackendObjectReference& ref, const std::string& path, const ObjectKey& key,
                            const ObjectKey& route, Speech speech, const BackendShape& shape, Reader& reader,
                            FindingSink& findings) {
  uint32_t port = static_cast<uint32_t>(ref.port());
  AppProtocol protocol = shape.ProtocolOn(port);
  ClusterId id{.service = key.kind == "Service",
               .ns = key.ns,
               .name = key.name,
               .port = port,
               .variant = VariantFor(route, speech, key, protocol.http),
               .gateway = ""};
  bool udp = id.variant == ClusterId::Variant::kUdp;
  const std::set<uint32_t>& ports = udp ? shape.udp_ports : shape.ports;
  std::string problem;
  if (!ref.has_port() && shape.needs_port) {
    problem = Cat("the reference to ", key.ToString(), " needs a port");
    findings.Unresolved(path, "E102", problem, PortList(ports));
  } else if (ref.has_port() && !shape.any_port && !ports.contains(port) && !(ports.empty() && key.kind == "Backend")) {
    problem = Cat(key.ToString(), " has no ", udp ? "UDP port " : "port ", port);
    findings.Unresolved(path + ".port", "E102", problem, PortList(ports));
  }
  if (!problem.empty()) return Unresolved("BackendNotFound", problem);
  problem = ProtocolProblem(route, speech, key, shape, protocol.http);
  if (problem.empty() && route.kind == "UDPRoute") problem = DatagramProblem(id, reader);
  if (!problem.empty()) {
    bool is_route = route.kind.ends_with("Route");
    findings.Unresolved(path, "E106", problem,
                        is_route ? "use a route of another kind, or correct what the backend says"
                                 : "name another backend, or correct what this one says");
    return Unresolved("UnsupportedProtocol", problem);
  }
  return {.cluster = id.ToString(), .problem = "", .reason = "", .websocket = protocol.http == Http::kWebSocket};
}

}  // namespace

ResolvedBackend ResolveBackend(const api::BackendObjectReference& ref, const std::string& path, const ObjectKey& route,
                               Reader& reader, FindingSink& findings, Speech speech) {
  Wanted wanted = WantedKind(ref);
  if (wanted == Wanted::kUnknown) {
    std::string problem = Cat("requests cannot be sent to kind ", ref.kind().empty() ? ref.group() : ref.kind());
    findings.Unresolved(path + ".kind", "E104", problem, "name a Service, or a Backend of group penstock.dev");
    return Unresolved("InvalidKind", problem);
  }
  ObjectKey key = Choose(ref, wanted, path, route, reader, findings);
  if (!IsPermitted(route, key, reader)) {
    std::string problem = NotPermittedText(route, key);
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
    findings.Unresolved(path + ".name", "E101", problem, reader.StepForMissing(key.name, key.ns, kinds));
    return Unresolved("BackendNotFound", problem);
  }
  return ResolvePort(ref, path, key, route, speech, shape, reader, findings);
}

}  // namespace penstock::translator
