#include "controlplane/translator/cluster_unit.h"

#include <algorithm>
#include <set>
#include <utility>

#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/text.h"
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
    to.set_address(endpoint.address());
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

bool IsTcp(const std::string& protocol) { return protocol.empty() || protocol == "TCP"; }

void AddSlice(const api::EndpointSlice& slice, const std::string& port_name,
              std::set<std::pair<std::string, uint32_t>>& seen, wire::Endpoints& out) {
  for (const api::SlicePort& port : slice.ports()) {
    if (port.name() != port_name || !IsTcp(port.protocol())) continue;
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
    return static_cast<uint32_t>(candidate.port()) == id.port && IsTcp(candidate.protocol());
  });
  std::vector<const Upsert*> slices = reader.Slices(id.ns, id.name);
  if (port == ports.end()) return;
  std::set<std::pair<std::string, uint32_t>> seen;
  for (const Upsert* slice : slices) AddSlice(*slice->object->As<api::EndpointSlice>(), port->name(), seen, out);
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

}  // namespace

ClusterOutput TranslateCluster(const std::string& cluster, std::vector<std::string> gateways, Reader& reader) {
  ClusterOutput output;
  ClusterId id = ClusterId::Parse(cluster);
  ObjectKey key = id.Object();
  const Upsert* upsert = reader.Object(key);
  if (upsert != nullptr) {
    FindingSink findings(*upsert->object, reader.allow_unresolved());
    wire::Cluster message;
    message.set_name(cluster);
    *message.mutable_upstream() = UpstreamSettingsOf(EffectiveBackendTraffic(key, reader));
    wire::Endpoints endpoints;
    endpoints.set_cluster(cluster);
    const api::Backend* backend = upsert->object->As<api::Backend>();
    if (backend != nullptr && backend->spec().has_dns()) {
      *message.mutable_dns() = DnsOf(backend->spec().dns(), id.port);
    } else {
      message.mutable_eds();
      if (backend != nullptr) AddStaticEndpoints(backend->spec(), id.port, endpoints);
      if (const api::Service* service = upsert->object->As<api::Service>())
        AddServiceEndpoints(*service, id, reader, endpoints);
      WarnAboutNoEndpoint(id, endpoints, findings);
      output.resources.push_back(MakeResource(cluster, endpoints, gateways));
    }
    output.resources.push_back(MakeResource(cluster, message, std::move(gateways)));
    output.findings = findings.Take();
  }
  output.reads = reader.TakeReads();
  return output;
}

}  // namespace penstock::translator
