#include "controlplane/translator/gateway_unit.h"

#include <algorithm>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/access.h"
#include "controlplane/translator/gateway_tls.h"
#include "controlplane/translator/listener_conflicts.h"
#include "controlplane/translator/listener_sets.h"
#include "controlplane/translator/listeners.h"
#include "controlplane/translator/no_effect.h"
#include "controlplane/translator/owner_findings.h"
#include "controlplane/translator/policies.h"
#include "controlplane/translator/resource.h"
#include "controlplane/translator/route_kinds.h"
#include "controlplane/translator/settings.h"
#include "controlplane/translator/values.h"
#include "proto/penstock/xds/v1/listener.pb.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;

void CheckClass(const api::Gateway& gateway, Reader& reader, FindingSink& findings, GatewayOutput& output) {
  output.gateway_class = gateway.spec().gateway_class_name();
  const api::GatewayClass* gateway_class = reader.Get<api::GatewayClass>(GatewayClassKey(output.gateway_class));
  output.ours = gateway_class == nullptr || IsOurClass(gateway_class, output.gateway_class);
  output.accepted = IsOurClass(gateway_class, output.gateway_class);
  if (output.accepted || !output.ours) return;
  output.reason = "InvalidParameters";
  output.message = Cat("GatewayClass \"", output.gateway_class, "\" does not exist");
  std::string suggestion = reader.DidYouMean(output.gateway_class, "", {"GatewayClass"});
  if (suggestion.empty()) suggestion = "the class \"default\" needs no object";
  findings.Unresolved("spec.gatewayClassName", "E101", output.message, suggestion);
}

bool IsUnixSocket(const api::GatewayAddress& address) { return address.type() == "penstock.dev/UnixSocket"; }

void CheckAddresses(const api::GatewaySpec& spec, FindingSink& findings, GatewayOutput& output) {
  for (int i = 0; i < spec.addresses_size(); ++i) {
    const api::GatewayAddress& address = spec.addresses(i);
    std::string path = Cat("spec.addresses[", i, "]");
    std::string problem;
    if (address.type() == "Hostname") {
      problem = "a data plane can only bind an IP address or a Unix socket";
      findings.Error(path + ".type", "E110", problem, "write {type: IPAddress, value: ADDRESS}");
    } else if (IsUnixSocket(address)) {
      if (IsSocketPath(address.value())) continue;
      problem = Cat("\"", address.value(), "\" is no path of a socket");
      findings.Error(path + ".value", "E121", problem,
                     Cat("write an absolute path without //, . and .., of at most ", kMaxSocketPath, " bytes"));
    } else if (!IsIpAddress(address.value())) {
      problem = Cat("\"", address.value(), "\" is not an IP address");
      findings.Error(path + ".value", "E121", problem);
    }
    if (problem.empty()) continue;
    output.accepted = false;
    output.reason = "UnsupportedAddress";
    output.message = problem;
  }
}

// Datagrams are told apart by addresses, which clients of Unix sockets have none of.
void RefuseDatagramsOnUnixSockets(const api::GatewaySpec& spec, OwnerFindings& findings, GatewayOutput& output) {
  auto socket = std::find_if(spec.addresses().begin(), spec.addresses().end(), IsUnixSocket);
  if (socket == spec.addresses().end()) return;
  for (ListenerOutput& listener : output.listeners) {
    if (listener.transport != Transport::kUdp) continue;
    std::string problem =
        Cat("listener \"", listener.name, "\" takes datagrams, which do not come to a Unix socket: ", socket->value());
    findings.Of(listener).Error(listener.path + ".protocol", "E121", problem,
                                "move it to a Gateway that has IP addresses only");
    Refuse(listener, "UnsupportedValue", problem);
  }
}

void CheckAllowedListeners(const api::GatewaySpec& spec, FindingSink& findings) {
  const api::ListenerNamespaces& namespaces = spec.allowed_listeners().namespaces();
  bool selects = namespaces.from() == "Selector";
  if (selects == namespaces.has_selector()) return;
  std::string path = "spec.allowedListeners.namespaces";
  if (selects) {
    findings.Error(path + ".from", "E121", "from: Selector needs a selector",
                   "write selector: {matchLabels: {...}}, or from: All");
  } else {
    findings.Error(path + ".selector", "E121", "a selector has a meaning with from: Selector only",
                   "write from: Selector");
  }
}

void ReadOwn(const manifests::Object& owner, FindingSink& findings, GatewayTls& tls, GatewayOutput& output) {
  const auto& listeners = ListenersOf(owner);
  for (int i = 0; i < listeners.size(); ++i) {
    ListenerOutput listener = ReadListener(owner.key(), listeners[i], Cat("spec.listeners[", i, "]"), findings);
    tls.Apply(listeners[i], listener);
    output.listeners.push_back(std::move(listener));
  }
}

void ReadListenerSets(const ObjectKey& gateway, const api::GatewaySpec& spec, Reader& reader, OwnerFindings& findings,
                      GatewayTls& tls, GatewayOutput& output) {
  for (const Upsert* set : reader.ListenerSetsOf(gateway)) {
    const manifests::Object& object = *set->object;
    ListenerSetOutput& entry = output.listener_sets.emplace_back();
    entry.key = object.key();
    if (TakesListenerSets(gateway, spec, object.key().ns, reader)) {
      ReadOwn(object, findings.Add(object), tls, output);
    } else {
      entry.accepted = {"NotAllowed",
                        Cat(gateway.ToString(), " takes no ListenerSets of namespace \"", object.key().ns, "\"")};
    }
  }
}

void ReadListeners(const Upsert& gateway, Reader& reader, OwnerFindings& findings, GatewayOutput& output) {
  const ObjectKey& key = gateway.object->key();
  const api::GatewaySpec& spec = gateway.object->As<api::Gateway>()->spec();
  GatewayTls tls(key, spec, reader, findings);
  ReadOwn(*gateway.object, findings.gateway(), tls, output);
  ReadListenerSets(key, spec, reader, findings, tls, output);
  FindConflictsInside(findings, output);
  FindConflictsBetween(gateway, reader, findings, output);
  FindOverlaps(output);
  tls.Finish(output);
}

bool OffersHttp2(const wire::ServerTls& tls) {
  return tls.alpn().empty() || std::find(tls.alpn().begin(), tls.alpn().end(), "h2") != tls.alpn().end();
}

// The chain of a listener's requests, as a resource; "" if there is none.
std::string AddChain(const ObjectKey& gateway, const ListenerOutput& listener, Reader& reader, FindingSink& findings,
                     GatewayOutput& output) {
  if (listener.protocol != "HTTP" && listener.protocol != "HTTPS") return "";
  ChainNeeds needs;
  Access access = AccessOfListener({gateway, listener.owner, listener.name}, reader);
  NoEffect(reader, findings).Check(access, listener.path);
  std::optional<wire::PolicyChain> chain = ChainOf(access, reader, needs);
  if (!chain.has_value()) return "";
  chain->set_name(ListenerChainName(listener.ResourceName()));
  output.resources.push_back(MakeResource(chain->name(), *chain, {NamespacedName(gateway)}));
  for (std::string& secret : needs.secrets) output.secrets.emplace_back(std::move(secret), NamespacedName(gateway));
  for (std::string& cluster : needs.clusters) output.clusters.emplace_back(std::move(cluster), NamespacedName(gateway));
  return chain->name();
}

ResourcePtr ListenerResource(const ObjectKey& key, const api::GatewaySpec& spec, ListenerOutput& listener,
                             Reader& reader, FindingSink& findings, GatewayOutput& output) {
  wire::Listener message;
  message.set_name(listener.ResourceName());
  for (const api::GatewayAddress& address : spec.addresses()) {
    message.add_addresses(Cat(IsUnixSocket(address) ? "unix:" : "", address.value()));
  }
  message.set_port(listener.port);
  wire::Listener::Protocol protocol = wire::Listener::HTTP;
  wire::Listener::Protocol_Parse(listener.protocol, &protocol);
  message.set_protocol(protocol);
  message.set_hostname(listener.hostname);
  api::ClientPolicySpec client = EffectiveClientPolicy(key, listener.owner, listener.name, reader);
  if (protocol == wire::Listener::UDP) client.clear_proxy_protocol();
  *message.mutable_client() = ClientSettingsOf(client);
  // Clients of gRPC come with HTTP/2, with TLS or without.
  bool clear_http2 = client.http2().has_prior_knowledge() ? client.http2().prior_knowledge() : listener.names_grpc;
  if (protocol == wire::Listener::HTTP && clear_http2)
    message.mutable_client()->mutable_http2()->set_prior_knowledge(true);
  if (listener.tls.has_value()) {
    *message.mutable_tls() = *listener.tls;
    AddClientTls(client, protocol == wire::Listener::HTTPS, *message.mutable_tls());
  }
  listener.speaks_http2 = protocol == wire::Listener::HTTPS ? OffersHttp2(message.tls()) : clear_http2;
  message.set_policy_chain(AddChain(key, listener, reader, findings, output));
  listener.denies_http2 = client.http2().has_prior_knowledge() && !client.http2().prior_knowledge();
  return MakeResource(message.name(), message, {NamespacedName(key)});
}

// Everything of the output that others look at.
std::string Fingerprint(const GatewayOutput& output) {
  std::string text =
      Cat(output.ours ? 'o' : '-', output.accepted ? 'a' : '-', '|', output.gateway_class, '|', output.message);
  for (const ListenerOutput& listener : output.listeners) {
    manifests::Append(text, '|', listener.owner.ToString(), ',', listener.name, ',', listener.port, ',',
                      listener.protocol, ',', listener.tls.has_value() ? 't' : '-', AsksClients(listener) ? 'c' : '-',
                      listener.speaks_http2 ? '2' : '1', listener.denies_http2 ? 'd' : '-', listener.served ? 's' : '-',
                      ',', listener.hostname, ',', ListOf(listener.kinds), ',', listener.from, ',',
                      listener.selector.ShortDebugString());
  }
  for (const ListenerSetOutput& set : output.listener_sets)
    manifests::Append(text, '|', set.key.ToString(), ',', set.accepted.message);
  manifests::Append(text, '|', output.client_certificate, '|', output.traffic.SerializeAsString(), '|',
                    output.traffic_override.SerializeAsString());
  return text;
}

}  // namespace

bool IsOurClass(const api::GatewayClass* gateway_class, std::string_view name) {
  if (gateway_class == nullptr) return name == kDefaultGatewayClass;
  return gateway_class->spec().controller_name() == kControllerName;
}

GatewayOutput TranslateGateway(const Upsert& gateway, Reader& reader) {
  GatewayOutput output;
  const ObjectKey& key = gateway.object->key();
  const api::Gateway& message = *gateway.object->As<api::Gateway>();
  OwnerFindings findings(*gateway.object, reader.allow_unresolved());
  CheckClass(message, reader, findings.gateway(), output);
  if (output.ours) {
    CheckAddresses(message.spec(), findings.gateway(), output);
    CheckAllowedListeners(message.spec(), findings.gateway());
    ReadListeners(gateway, reader, findings, output);
    RefuseDatagramsOnUnixSockets(message.spec(), findings, output);
    ReadGatewayTraffic(key, reader, output);
    for (ListenerOutput& listener : output.listeners) {
      if (!output.accepted && listener.served) Refuse(listener, "Pending", output.message);
      if (!listener.served) continue;
      ResourcePtr resource = ListenerResource(key, message.spec(), listener, reader, findings.Of(listener), output);
      output.resources.push_back(std::move(resource));
    }
    AddListenerSecrets(key, output);
    MakeUnique(output.clusters);
  }
  output.fingerprint = Fingerprint(output);
  output.findings = findings.Take();
  output.reads = reader.TakeReads();
  return output;
}

}  // namespace penstock::translator
