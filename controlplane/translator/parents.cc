#include "controlplane/translator/parents.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

// Why a parentRef does not lead to a listener: the first check that left none.
struct Refusal {
  std::string_view reason;
  std::string message;
  std::string suggestion;
};

bool AllowsNamespace(const ListenerOutput& listener, const ObjectKey& gateway, std::string_view ns, Reader& reader) {
  if (listener.from == "All") return true;
  if (listener.from == "Same") return gateway.ns == ns;
  if (listener.from != "Selector") return false;
  std::map<std::string, std::string> labels;
  if (const Upsert* object = reader.Object(NamespaceKey(ns))) labels = object->object->Labels();
  labels.insert_or_assign("kubernetes.io/metadata.name", std::string(ns));
  return Selects(listener.selector, labels);
}

// The route's host names that survive on the listener; nullopt if it has some and none does.
std::optional<std::vector<std::string>> HostnamesOn(const ListenerOutput& listener, const api::HTTPRouteSpec& spec) {
  std::vector<std::string> hostnames;
  for (const std::string& hostname : spec.hostnames()) {
    std::optional<std::string> common = IntersectHostnames(listener.hostname, Lower(hostname));
    if (!common.has_value()) continue;
    if (std::find(hostnames.begin(), hostnames.end(), *common) == hostnames.end()) hostnames.push_back(*common);
  }
  if (hostnames.empty() && !spec.hostnames().empty()) return std::nullopt;
  return hostnames;
}

using Listeners = std::vector<const ListenerOutput*>;

// Leaves only what PASSES; a refusal if that is nothing.
template <typename Pass, typename Refuse>
bool Keep(Listeners& listeners, Pass passes, std::optional<Refusal>& refusal, Refuse refuse) {
  std::erase_if(listeners, [&](const ListenerOutput* listener) { return !passes(*listener); });
  if (listeners.empty()) refusal = refuse();
  return !listeners.empty();
}

std::string ListenerNames(const GatewayOutput& gateway) {
  std::string names;
  for (const ListenerOutput& listener : gateway.listeners) {
    manifests::Append(names, names.empty() ? "" : ", ", listener.name, " (port ", listener.port, ")");
  }
  return names;
}

// The listeners that a parentRef reaches, or why it reaches none.
Listeners FindListeners(const api::ParentReference& ref, const ObjectKey& route, const ObjectKey& gateway_key,
                        const GatewayOutput& gateway, const api::HTTPRouteSpec& spec, Reader& reader,
                        std::optional<Refusal>& refusal) {
  Listeners listeners;
  for (const ListenerOutput& listener : gateway.listeners) listeners.push_back(&listener);
  const std::string who = gateway_key.ToString();
  auto named = [&](const ListenerOutput& l) {
    return (ref.section_name().empty() || l.name == ref.section_name()) &&
           (!ref.has_port() || l.port == static_cast<uint32_t>(ref.port()));
  };
  auto served = [](const ListenerOutput& l) { return l.served; };
  auto kinds = [](const ListenerOutput& l) { return l.allows_http_routes; };
  auto namespaces = [&](const ListenerOutput& l) { return AllowsNamespace(l, gateway_key, route.ns, reader); };
  auto hosts = [&](const ListenerOutput& l) { return HostnamesOn(l, spec).has_value(); };
  bool found =
      Keep(listeners, named, refusal,
           [&] {
             return Refusal{"NoMatchingParent", Cat(who, " has no such listener"),
                            Cat("it has ", ListenerNames(gateway))};
           }) &&
      Keep(listeners, served, refusal,
           [&] {
             return Refusal{"NoMatchingParent", Cat("no such listener of ", who, " is served"),
                            "see the status of the Gateway"};
           }) &&
      Keep(listeners, kinds, refusal,
           [&] {
             return Refusal{"NotAllowedByListeners", Cat(who, " takes no HTTPRoutes here"),
                            "add HTTPRoute to the listener's allowedRoutes.kinds"};
           }) &&
      Keep(listeners, namespaces, refusal,
           [&] {
             return Refusal{"NotAllowedByListeners", Cat(who, " takes no routes of namespace \"", route.ns, "\""),
                            "set allowedRoutes.namespaces of the listener"};
           }) &&
      Keep(listeners, hosts, refusal, [&] {
        return Refusal{"NoMatchingListenerHostname",
                       Cat("none of the route's hostnames agrees with a listener of ", who),
                       "compare spec.hostnames with the listeners' hostname"};
      });
  return found ? listeners : Listeners();
}

void Attach(const Listeners& listeners, const ObjectKey& gateway, const api::HTTPRouteSpec& spec,
            Attaching& attaching) {
  for (const ListenerOutput* listener : listeners) {
    bool known = std::any_of(attaching.attachments.begin(), attaching.attachments.end(),
                             [&](const Attachment& a) { return a.gateway == gateway && a.listener == listener->name; });
    if (!known) attaching.attachments.push_back({gateway, listener->name, *HostnamesOn(*listener, spec)});
  }
}

ParentResult AttachToParent(const api::ParentReference& ref, const std::string& path, const ObjectKey& route,
                            const api::HTTPRouteSpec& spec, Reader& reader, FindingSink& findings,
                            Attaching& attaching) {
  ParentResult result;
  result.ref = &ref;
  bool is_gateway =
      (ref.kind().empty() || ref.kind() == "Gateway") && (ref.group().empty() || ref.group() == kGatewayGroup);
  if (!is_gateway) {
    result.reason = "NoMatchingParent";
    result.message = Cat("routes cannot be attached to kind ", ref.kind());
    findings.Error(path + ".kind", "E104", result.message, "name a Gateway");
    return result;
  }
  ObjectKey key = GatewayKey(ref.namespace_().empty() ? route.ns : ref.namespace_(), ref.name());
  const GatewayOutput* gateway = reader.Gateway(key);
  std::optional<Refusal> refusal;
  if (gateway == nullptr) {
    refusal = Refusal{"NoMatchingParent", Cat(key.ToString(), " does not exist"),
                      reader.DidYouMean(key.name, key.ns, {"Gateway"})};
  } else if (!gateway->ours) {
    result.ours = false;
    return result;
  } else {
    Listeners listeners = FindListeners(ref, route, key, *gateway, spec, reader, refusal);
    Attach(listeners, key, spec, attaching);
  }
  result.accepted = !refusal.has_value();
  result.reason = result.accepted ? "Accepted" : std::string(refusal->reason);
  if (result.accepted) return result;
  result.message = refusal->message;
  findings.Warning(path, "W201", Cat("the route is not attached: ", refusal->message), refusal->suggestion);
  return result;
}

bool Holds(const api::LabelSelectorRequirement& requirement, const std::map<std::string, std::string>& labels) {
  auto found = labels.find(requirement.key());
  if (requirement.operator_() == "Exists") return found != labels.end();
  if (requirement.operator_() == "DoesNotExist") return found == labels.end();
  const auto& values = requirement.values();
  bool in = found != labels.end() && std::find(values.begin(), values.end(), found->second) != values.end();
  return requirement.operator_() == "In" ? in : !in;
}

}  // namespace

Attaching AttachToParents(const ObjectKey& route, const api::HTTPRouteSpec& spec, Reader& reader,
                          FindingSink& findings) {
  Attaching attaching;
  if (spec.parent_refs().empty()) {
    findings.Warning("spec", "W201", "the route names no Gateway, so it gets no request",
                     "add parentRefs: [{name: GATEWAY}]");
  }
  for (int i = 0; i < spec.parent_refs_size(); ++i) {
    std::string path = Cat("spec.parentRefs[", i, "]");
    ParentResult result = AttachToParent(spec.parent_refs(i), path, route, spec, reader, findings, attaching);
    attaching.parents.push_back(std::move(result));
  }
  return attaching;
}

bool Selects(const api::LabelSelector& selector, const std::map<std::string, std::string>& labels) {
  for (const auto& [key, value] : selector.match_labels()) {
    auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return std::all_of(selector.match_expressions().begin(), selector.match_expressions().end(),
                     [&](const api::LabelSelectorRequirement& requirement) { return Holds(requirement, labels); });
}

}  // namespace penstock::translator
