#include "controlplane/translator/gateway_unit.h"

#include <algorithm>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/policies.h"
#include "controlplane/translator/resource.h"
#include "controlplane/translator/settings.h"
#include "controlplane/translator/values.h"
#include "proto/penstock/xds/v1/listener.pb.h"

namespace penstock::translator {
namespace {

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

void CheckAddresses(const api::GatewaySpec& spec, FindingSink& findings, GatewayOutput& output) {
  for (int i = 0; i < spec.addresses_size(); ++i) {
    const api::GatewayAddress& address = spec.addresses(i);
    std::string path = Cat("spec.addresses[", i, "]");
    std::string problem;
    if (address.type() == "Hostname") {
      problem = "a data plane can only bind an IP address";
      findings.Error(path + ".type", "E110", problem, "write {type: IPAddress, value: ADDRESS}");
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

void CheckProtocol(const api::Listener& listener, const std::string& path, FindingSink& findings,
                   ListenerOutput& output) {
  if (listener.protocol().empty() || listener.protocol() == "HTTP") return;
  output.served = false;
  output.problem_reason = "UnsupportedProtocol";
  output.problem = Cat("protocol ", listener.protocol(), " is not supported in this release");
  findings.Error(path + ".protocol", "E110", output.problem, "use HTTP, and terminate TLS in front of the data planes");
}

void CheckKinds(const api::AllowedRoutes& allowed, const std::string& path, FindingSink& findings,
                ListenerOutput& output) {
  if (allowed.kinds().empty()) return;
  output.allows_http_routes = false;
  for (int i = 0; i < allowed.kinds_size(); ++i) {
    const api::RouteGroupKind& kind = allowed.kinds(i);
    if (kind.kind() == "HTTPRoute" && (kind.group().empty() || kind.group() == kGatewayGroup)) {
      output.allows_http_routes = true;
      continue;
    }
    output.problem_reason = "InvalidRouteKinds";
    output.problem = Cat("routes of kind ", kind.kind(), " are not supported in this release");
    findings.Error(Cat(path, ".allowedRoutes.kinds[", i, "].kind"), "E110", output.problem, "use HTTPRoute");
  }
}

ListenerOutput ReadListener(const api::Listener& listener, const std::string& path, FindingSink& findings) {
  ListenerOutput output;
  output.name = listener.name();
  output.port = static_cast<uint32_t>(listener.port());
  output.hostname = Lower(listener.hostname());
  output.served = listener.port() > 0 && listener.port() <= 65535 && !listener.name().empty();
  CheckProtocol(listener, path, findings, output);
  CheckKinds(listener.allowed_routes(), path, findings, output);
  const api::RouteNamespaces& namespaces = listener.allowed_routes().namespaces();
  if (!namespaces.from().empty()) output.from = namespaces.from();
  output.selector = namespaces.selector();
  if (output.from != "Selector" && namespaces.has_selector()) {
    findings.Error(path + ".allowedRoutes.namespaces.selector", "E121",
                   Cat("a selector has no meaning with from: ", output.from), "write from: Selector");
  } else if (output.from == "Selector" && !namespaces.has_selector()) {
    findings.Error(path + ".allowedRoutes.namespaces.from", "E121", "from: Selector needs a selector",
                   "write selector: {matchLabels: {...}}, or from: All");
  }
  return output;
}

bool SamePlace(const ListenerOutput& a, const ListenerOutput& b) {
  return a.port == b.port && a.hostname == b.hostname;
}

std::string PlaceText(const ListenerOutput& listener) {
  return Cat("port ", listener.port, listener.hostname.empty() ? " for every host" : " for ", listener.hostname);
}

void Conflict(ListenerOutput& listener, std::string problem) {
  listener.served = false;
  listener.problem_reason = "HostnameConflict";
  listener.problem = std::move(problem);
}

// Gateway API: of listeners that cannot be told apart, none may be served.
void FindConflictsInside(FindingSink& findings, GatewayOutput& output) {
  for (size_t i = 0; i < output.listeners.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      ListenerOutput& a = output.listeners[j];
      ListenerOutput& b = output.listeners[i];
      if (!SamePlace(a, b) || a.port == 0) continue;
      findings.Error(Cat("spec.listeners[", i, "]"), "E111",
                     Cat("listener \"", b.name, "\" has ", PlaceText(b), ", and so has listener \"", a.name, "\""),
                     "give one of them another port or hostname");
      Conflict(a, Cat("same port and hostname as listener \"", b.name, "\""));
      Conflict(b, Cat("same port and hostname as listener \"", a.name, "\""));
    }
  }
}

bool SharesAnAddress(const api::GatewaySpec& a, const api::GatewaySpec& b) {
  if (a.addresses().empty() || b.addresses().empty()) return a.addresses().empty() && b.addresses().empty();
  return std::any_of(a.addresses().begin(), a.addresses().end(), [&](const api::GatewayAddress& x) {
    return std::any_of(b.addresses().begin(), b.addresses().end(),
                       [&](const api::GatewayAddress& y) { return x.value() == y.value(); });
  });
}

// Between Gateways of one class (whatever their labels: a data plane without labels serves all of them) the older one
// keeps the place, so that a new object cannot take traffic away.
void FindConflictsWithOthers(const Upsert& self, Reader& reader, FindingSink& findings, GatewayOutput& output) {
  const api::GatewaySpec& spec = self.object->As<api::Gateway>()->spec();
  for (size_t i = 0; i < output.listeners.size(); ++i) {
    ListenerOutput& listener = output.listeners[i];
    for (const Upsert* other : reader.GatewaysOnPort(output.gateway_class, listener.port)) {
      if (!listener.served || other->object->key() == self.object->key() || !OlderThan(*other, self)) continue;
      const api::GatewaySpec& theirs = other->object->As<api::Gateway>()->spec();
      if (!SharesAnAddress(spec, theirs)) continue;
      bool same = std::any_of(theirs.listeners().begin(), theirs.listeners().end(), [&](const api::Listener& their) {
        return static_cast<uint32_t>(their.port()) == listener.port && Lower(their.hostname()) == listener.hostname;
      });
      if (!same) continue;
      std::string problem =
          Cat(PlaceText(listener), " belongs to ", other->object->key().ToString(), ", which is older");
      findings.Unresolved(Cat("spec.listeners[", i, "].port"), "E112", problem,
                          "use another port, hostname or address");
      Conflict(listener, problem);
    }
  }
}

void Refuse(ListenerOutput& listener, const std::string& problem) {
  if (!listener.served) return;
  listener.served = false;
  listener.problem_reason = "Pending";
  listener.problem = problem;
}

ResourcePtr ListenerResource(const ObjectKey& key, const api::GatewaySpec& spec, const ListenerOutput& listener,
                             Reader& reader) {
  penstock::xds::v1::Listener message;
  message.set_name(listener.ResourceName(key));
  for (const api::GatewayAddress& address : spec.addresses()) message.add_addresses(address.value());
  message.set_port(listener.port);
  message.set_protocol(penstock::xds::v1::Listener::HTTP);
  message.set_hostname(listener.hostname);
  api::ClientPolicySpec client = EffectiveClientPolicy(key, listener.name, reader);
  *message.mutable_client() = ClientSettingsOf(client);
  return MakeResource(message.name(), message, {NamespacedName(key)});
}

// Everything of the output that routes look at.
std::string Fingerprint(const GatewayOutput& output) {
  std::string text =
      Cat(output.ours ? 'o' : '-', output.accepted ? 'a' : '-', '|', output.gateway_class, '|', output.message);
  for (const ListenerOutput& listener : output.listeners) {
    manifests::Append(text, '|', listener.name, ',', listener.port, ',', listener.hostname, ',',
                      listener.served ? 's' : '-', listener.allows_http_routes ? 'h' : '-', ',', listener.from, ',',
                      listener.problem, ',', listener.selector.ShortDebugString());
  }
  manifests::Append(text, '|', output.traffic.SerializeAsString(), '|', output.traffic_override.SerializeAsString());
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
  FindingSink findings(*gateway.object, reader.allow_unresolved());
  CheckClass(message, reader, findings, output);
  if (output.ours) {
    CheckAddresses(message.spec(), findings, output);
    for (int i = 0; i < message.spec().listeners_size(); ++i) {
      output.listeners.push_back(ReadListener(message.spec().listeners(i), Cat("spec.listeners[", i, "]"), findings));
    }
    // What could not be read may be what tells two listeners apart.
    if (!gateway.object->has_errors()) FindConflictsInside(findings, output);
    FindConflictsWithOthers(gateway, reader, findings, output);
    ReadGatewayTraffic(key, reader, output);
    for (ListenerOutput& listener : output.listeners) {
      if (!output.accepted) Refuse(listener, output.message);
      if (listener.served) output.resources.push_back(ListenerResource(key, message.spec(), listener, reader));
    }
  }
  output.fingerprint = Fingerprint(output);
  output.findings = findings.Take();
  output.reads = reader.TakeReads();
  return output;
}

}  // namespace penstock::translator
