#include "controlplane/translator/cluster_unit.h"

#include <algorithm>
#include <set>
#include <utility>

#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/backend_tls.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/policies.h"
#include "controlplane/translator/resource.h"
#include "controlplane/translator/settings.h"
#include "controlplane/translator/values.h"
#include "proto/penstock/xds/v1/endpoints.pb.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;

void AddStaticEndpoints(const api::BackendSpec& spec, uint32_t port, wire::Endpoints& out) {
  for (const api::BackendEndpoint& endpoint : spec.endpoints()) {
    if (port != 0 && static_cast<uint32_t>(endpoint.port()) != port) continue;
    wire::Endpoint& to = *out.add_endpoints();
    to.set_address(endpoint.unix().empty() ? endpoint.address() : Cat("unix:", endpoint.unix()));
    to.set_port(static_cast<uint32_t>(endpoint.port()));
    to.set_weight(endpoint.has_weight() ? static_cast<uint32_t>(endpoint.weight()) : 1);
    to.set_zone(endpoint.zone());
  }
}

void AddName(const std::string& name, uint32_t port, uint32_t weight, uint32_t wanted, wire::Dns& out) {
  // A name without a port takes that of the reference.
  if (port == 0) port = wanted;
  if (wanted != 0 && port != wanted) return;
  wire::DnsName& to = *out.add_names();
  to.set_name(Lower(name));
  to.set_port(port);
  to.set_weight(weight);
}

wire::Dns DnsOf(const api::BackendDns& dns, uint32_t wanted) {
  wire::Dns out;
  if (!dns.name().empty()) AddName(dns.name(), static_cast<uint32_t>(dns.port()), 1, wanted, out);
  for (const api::BackendDnsName& name : dns.names()) {
    uint32_t port = static_cast<uint32_t>(name.has_port() ? name.port() : dns.port());
    AddName(name.name(), port, name.has_weight() ? static_cast<uint32_t>(name.weight()) : 1, wanted, out);
  }
  if (auto refresh = ParseDuration(dns.refresh()); refresh.has_value()) *out.mutable_refresh() = *refresh;
  return out;
}

std::string_view ProtocolOf(const ClusterId& id) { return id.variant == ClusterId::Variant::kUdp ? "UDP" : "TCP"; }

bool Speaks(const std::string& protocol, std::string_view wanted) {
  return (protocol.empty() ? "TCP" : std::string_view(protocol)) == wanted;
}

void AddSlice(const api::EndpointSlice& slice, const std::string& port_name, std::string_view protocol,
              std::set<std::pair<std::string, uint32_t>>& seen, wire::Endpoints& out) {
  for (const api::SlicePort& port : slice.ports()) {
    if (port.name() != port_name || !Speaks(port.protocol(), protocol)) continue;
    for (const api::SliceEndpoint& endpoint : slice.endpoints()) {
      bool ready = !endpoint.conditions().has_ready() || endpoint.conditions().ready();
      if (!ready || endpoint.addresses().empty()) continue;
      // Kubernetes allows an endpoint to be in two slices for a while.
      if (!seen.emplace(endpoint.addresses(0), static_cast<uint32_t>(port.port())).second) continue;
      wire::Endpoint& to = *out.add_endpoints();
      to.set_address(endpoint.addresses(0));
      to.set_port(static_cast<uint32_t>(port.port()));
      to.set_weight(1);
      to.set_zone(endpoint.zone());
      to.set_hostname(endpoint.hostname());
    }
  }
}

void AddServiceEndpoints(const api::Service& service, const ClusterId& id, Reader& reader, wire::Endpoints& out) {
  const auto& ports = service.spec().ports();
  auto port = std::find_if(ports.begin(), ports.end(), [&](const api::ServicePort& candidate) {
    return static_cast<uint32_t>(candidate.port()) == id.port && Speaks(candidate.protocol(), ProtocolOf(id));
  });
  std::vector<const Upsert*> slices = reader.Slices(id.ns, id.name);
  if (port == ports.end()) return;
  std::set<std::pair<std::string, uint32_t>> seen;
  for (const Upsert* slice : slices) {
    AddSlice(*slice->object->As<api::EndpointSlice>(), port->name(), ProtocolOf(id), seen, out);
  }
  // The order of slices must not matter.
  std::sort(out.mutable_endpoints()->pointer_begin(), out.mutable_endpoints()->pointer_end(),
            [](const wire::Endpoint* a, const wire::Endpoint* b) {
              return std::pair(a->address(), a->port()) < std::pair(b->address(), b->port());
            });
}

void WarnAboutNoEndpoint(const ClusterId& id, const wire::Endpoints& endpoints, FindingSink& findings) {
  auto takes = [](const wire::Endpoint& endpoint) { return endpoint.weight() > 0; };
  if (std::any_of(endpoints.endpoints().begin(), endpoints.endpoints().end(), takes)) return;
  std::string which = id.port == 0 ? "" : Cat(" on port ", id.port);
  std::string_view hint = id.service
                              ? "apply an EndpointSlice with the label kubernetes.io/service-name and a ready endpoint"
                              : "add to spec.endpoints, or give one a weight";
  findings.Warning(id.service ? "metadata.name" : "spec.endpoints", "W203",
                   Cat(id.name, " has no endpoint", which, ": its requests are answered with 503"), std::string(hint));
}

// The Gateway whose certificate a cluster shows.
ObjectKey GatewayOf(const ClusterId& id) {
  size_t slash = id.gateway.find('/');
  return GatewayKey(std::string_view(id.gateway).substr(0, slash), std::string_view(id.gateway).substr(slash + 1));
}

// One run over one cluster.
class ClusterTranslator {
 public:
  ClusterTranslator(const ClusterId& id, const Upsert& upsert, std::vector<std::string> gateways, Reader& reader)
      : id_(id),
        object_(*upsert.object),
        gateways_(std::move(gateways)),
        reader_(reader),
        findings_(object_, reader.allow_unresolved()) {
    message_.set_name(id.ToString());
  }

  ClusterOutput Run() {
    *message_.mutable_upstream() = UpstreamSettingsOf(EffectiveBackendTraffic(object_.key(), reader_));
    protocol_ = reader_.Shape(object_.key()).ProtocolOn(id_.port);
    bool trusted = SetTls();
    SetProtocol();
    const api::Backend* backend = object_.As<api::Backend>();
    if (backend != nullptr && backend->spec().has_dns() && trusted) {
      *message_.mutable_dns() = DnsOf(backend->spec().dns(), id_.port);
    } else {
      message_.mutable_eds();
      AddEndpoints(trusted);
    }
    MakeUnique(out_.secrets);
    out_.resources.push_back(MakeResource(message_.name(), message_, std::move(gateways_)));
    out_.findings = findings_.Take();
    return std::move(out_);
  }

 private:
  // False: nobody can be trusted to be the backend, so nothing is sent there.
  bool SetTls() {
    std::optional<BackendTlsSource> source = FindBackendTls(id_, reader_);
    if (!source.has_value()) {
      bool needs_tls = protocol_.tls && CanHaveTls(id_.variant);
      if (needs_tls) TellThatNobodyIsTrusted();
      return !needs_tls;
    }
    // Its own unit tells what is wrong with it.
    FindingSink told_there(source->object, reader_.allow_unresolved());
    ResolvedTls resolved = ResolveBackendTls(*source, reader_, told_there);
    for (std::string& secret : resolved.secrets) UseSecret(std::move(secret));
    if (!resolved.accepted.none()) return false;
    *message_.mutable_tls() = std::move(resolved.tls);
    const GatewayOutput* gateway = id_.gateway.empty() ? nullptr : reader_.Gateway(GatewayOf(id_));
    if (gateway == nullptr || gateway->client_certificate.empty()) return true;
    message_.mutable_tls()->set_client_certificate(gateway->client_certificate);
    UseSecret(gateway->client_certificate);
    return true;
  }

  void UseSecret(std::string secret) {
    for (const std::string& gateway : gateways_) out_.secrets.emplace_back(secret, gateway);
  }

  void TellThatNobodyIsTrusted() {
    const auto& ports = object_.As<api::Service>()->spec().ports();
    auto port = std::find_if(ports.begin(), ports.end(), [&](const api::ServicePort& candidate) {
      return static_cast<uint32_t>(candidate.port()) == id_.port && Speaks(candidate.protocol(), "TCP");
    });
    findings_.Unresolved(
        Cat("spec.ports[", port - ports.begin(), "].appProtocol"), "E141",
        Cat("port ", id_.port, " speaks TLS, and no BackendTLSPolicy says whose certificates are good"),
        "apply a BackendTLSPolicy that targets the Service");
  }

  void SetProtocol() {
    bool http2 = protocol_.http == AppProtocol::Http::kHttp2 || id_.variant == ClusterId::Variant::kGrpc;
    bool agreed = protocol_.http == AppProtocol::Http::kUnsaid && message_.has_tls();
    if (http2) {
      message_.set_protocol(wire::Cluster::HTTP2);
    } else if (agreed) {
      message_.set_protocol(wire::Cluster::AUTO);
    }
    const api::Backend* backend = object_.As<api::Backend>();
    if (backend == nullptr || backend->spec().proxy_protocol().empty()) return;
    message_.set_proxy_protocol(backend->spec().proxy_protocol() == "V1" ? wire::Cluster::V1 : wire::Cluster::V2);
  }

  void AddEndpoints(bool trusted) {
    wire::Endpoints endpoints;
    endpoints.set_cluster(message_.name());
    if (trusted) {
      if (const api::Backend* backend = object_.As<api::Backend>())
        AddStaticEndpoints(backend->spec(), id_.port, endpoints);
      if (const api::Service* service = object_.As<api::Service>())
        AddServiceEndpoints(*service, id_, reader_, endpoints);
      WarnAboutNoEndpoint(id_, endpoints, findings_);
    }
    out_.resources.push_back(MakeResource(message_.name(), endpoints, gateways_));
  }

  const ClusterId& id_;
  const manifests::Object& object_;
  std::vector<std::string> gateways_;
  Reader& reader_;
  FindingSink findings_;
  wire::Cluster message_;
  AppProtocol protocol_;
  ClusterOutput out_;
};

}  // namespace

ClusterOutput TranslateCluster(const std::string& cluster, std::vector<std::string> gateways, Reader& reader) {
  ClusterOutput output;
  ClusterId id = ClusterId::Parse(cluster);
  const Upsert* upsert = reader.Object(id.Object());
  if (upsert != nullptr) output = ClusterTranslator(id, *upsert, std::move(gateways), reader).Run();
  output.reads = reader.TakeReads();
  return output;
}

}  // namespace penstock::translator
