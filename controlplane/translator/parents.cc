#include "controlplane/translator/parents.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/listener_sets.h"
#include "controlplane/translator/namespaces.h"
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

// The route's host names that survive on the listener; nullopt if it has some and none does.
std::optional<std::vector<std::string>> HostnamesOn(const ListenerOutput& listener, const RouteView& view) {
  std::vector<std::string> hostnames;
  for (const std::string& hostname : view.hostnames) {
    std::optional<std::string> common = IntersectHostnames(listener.hostname, Lower(hostname));
    if (!common.has_value()) continue;
    if (std::find(hostnames.begin(), hostnames.end(), *common) == hostnames.end()) hostnames.push_back(*common);
  }
  if (hostnames.empty() && !view.hostnames.empty()) return std::nullopt;
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

std::string ListenerNames(const GatewayOutput& gateway, const ObjectKey& owner) {
  std::string names;
  for (const ListenerOutput& listener : gateway.listeners) {
    if (listener.owner != owner) continue;
    manifests::Append(names, names.empty() ? "" : ", ", listener.name, " (port ", listener.port, ")");
  }
  return names;
}

// The listeners that a parentRef to `parent`, which is `gateway` or one of its ListenerSets, reaches, or why it reaches
// none.
Listeners FindListeners(const api::ParentReference& ref, const ObjectKey& route, const ObjectKey& parent,
                        const GatewayOutput& gateway, const RouteView& view, Reader& reader,
                        std::optional<Refusal>& refusal) {
  Listeners listeners;
  for (const ListenerOutput& listener : gateway.listeners) {
    if (listener.owner == parent) listeners.push_back(&listener);
  }
  const std::string who = parent.ToString();
  auto named = [&](const ListenerOutput& l) {
    return (ref.section_name().empty() || l.name == ref.section_name()) &&
           (!ref.has_port() || l.port == static_cast<uint32_t>(ref.port()));
  };
  auto served = [](const ListenerOutput& l) { return l.served; };
  auto kinds = [&](const ListenerOutput& l) {
    return std::find(l.kinds.begin(), l.kinds.end(), route.kind) != l.kinds.end();
  };
  // Gateway API: a TLSRoute says so if the listener is of another type.
  bool wrong_type = route.kind == "TLSRoute" &&
                    std::none_of(gateway.listeners.begin(), gateway.listeners.end(), [&](const ListenerOutput& l) {
                      return l.owner == parent && named(l) && l.protocol == "TLS";
                    });
  auto namespaces = [&](const ListenerOutput& l) {
    return AllowsNamespace(l.from, l.selector, parent.ns, route.ns, reader);
  };
  auto hosts = [&](const ListenerOutput& l) { return HostnamesOn(l, view).has_value(); };
  bool found =
      Keep(listeners, named, refusal,
           [&] {
             return Refusal{"NoMatchingParent", Cat(who, " has no such listener"),
                            Cat("it has ", ListenerNames(gateway, parent))};
           }) &&
      Keep(listeners, served, refusal,
           [&] {
             return Refusal{"NoMatchingParent", Cat("no such listener of ", who, " is served"),
                            Cat("see the status of the ", parent.kind)};
           }) &&
      Keep(listeners, kinds, refusal,
           [&] {
             return Refusal{wrong_type ? "UnsupportedValue" : "NotAllowedByListeners",
                            Cat(who, " takes no ", route.kind, "s here"),
                            "compare the listeners' protocol and allowedRoutes.kinds"};
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

void Attach(const Listeners& listeners, const ObjectKey& gateway, const RouteView& view, ParentResult& result,
            Attaching& attaching) {
  for (const ListenerOutput* listener : listeners) {
    result.listeners.push_back(listener->ResourceName());
    bool known = std::any_of(attaching.attachments.begin(), attaching.attachments.end(), [&](const Attachment& a) {
      return a.owner == listener->owner && a.listener == listener->name;
    });
    if (known) continue;
    bool passthrough = listener->protocol == "TLS" && !listener->tls.has_value();
    attaching.attachments.push_back(
        {gateway, listener->owner, listener->name, passthrough, *HostnamesOn(*listener, view)});
  }
}

// Why a Gateway does not take the ListenerSet that a route names.
const Trouble& TroubleOf(const ObjectKey& parent, const GatewayOutput& gateway) {
  static const Trouble kNone;
  for (const ListenerSetOutput& set : gateway.listener_sets) {
    if (set.key == parent) return set.accepted;
  }
  return kNone;
}

// A warning if clients of gRPC cannot speak to any of the listeners, and nobody said that they should not.
void CheckHttp2(const Listeners& listeners, const std::string& path, FindingSink& findings) {
  bool reachable = std::any_of(listeners.begin(), listeners.end(),
                               [](const ListenerOutput* l) { return l->speaks_http2 || l->denies_http2; });
  if (reachable || listeners.empty()) return;
  findings.Warning(
      path, "W211",
      Cat("listener \"", listeners.front()->name, "\" takes no HTTP/2, so only gRPC-Web reaches the route"),
      "name GRPCRoute in the listener's allowedRoutes.kinds, set http2.priorKnowledge in a ClientPolicy, or use HTTPS");
}

ParentResult AttachToParent(const api::ParentReference& ref, const std::string& path, const ObjectKey& route,
                            const RouteView& view, Reader& reader, FindingSink& findings, Attaching& attaching) {
  ParentResult result;
  result.ref = &ref;
  ObjectKey parent = ParentKey(ref, route);
  if (!HasListeners(parent) || (!ref.group().empty() && ref.group() != kGatewayGroup)) {
    result.reason = "NoMatchingParent";
    result.message = Cat("routes cannot be attached to kind ", ref.kind());
    findings.Error(path + ".kind", "E104", result.message, "name a Gateway or ListenerSet");
    return result;
  }
  std::optional<ObjectKey> gateway_key = GatewayOfParent(parent, reader);
  const GatewayOutput* gateway = gateway_key.has_value() ? reader.Gateway(*gateway_key) : nullptr;
  std::optional<Refusal> refusal;
  if (gateway == nullptr) {
    // A ListenerSet without its Gateway tells so itself.
    refusal =
        Refusal{"NoMatchingParent", Cat(gateway_key.value_or(parent).ToString(), " does not exist"),
                gateway_key.value_or(parent) == parent ? reader.DidYouMean(parent.name, parent.ns, {parent.kind}) : ""};
  } else if (!gateway->ours) {
    result.ours = false;
    return result;
  } else if (const Trouble& kept_out = TroubleOf(parent, *gateway); !kept_out.none()) {
    refusal = Refusal{"NoMatchingParent", Cat(parent.ToString(), " is not served: ", kept_out.message),
                      "see the status of the ListenerSet"};
  } else {
    Listeners listeners = FindListeners(ref, route, parent, *gateway, view, reader, refusal);
    Attach(listeners, *gateway_key, view, result, attaching);
    if (route.kind == "GRPCRoute") CheckHttp2(listeners, path, findings);
  }
  result.accepted = !refusal.has_value();
  result.reason = result.accepted ? "Accepted" : std::string(refusal->reason);
  if (result.accepted) return result;
  result.message = refusal->message;
  findings.Warning(path, "W201", Cat("the route is not attached: ", refusal->message), refusal->suggestion);
  return result;
}

}  // namespace

ObjectKey ParentKey(const api::ParentReference& ref, const ObjectKey& route) {
  std::string_view ns = ref.namespace_().empty() ? std::string_view(route.ns) : ref.namespace_();
  ObjectKey key = GatewayKey(ns, ref.name());
  if (!ref.kind().empty()) key.kind = ref.kind();
  return key;
}

std::optional<ObjectKey> GatewayOfParent(const ObjectKey& parent, Reader& reader) {
  if (parent.kind != "ListenerSet") return parent;
  const Upsert* set = reader.Object(parent);
  if (set == nullptr) return std::nullopt;
  return ParentOf(*set->object);
}

Attaching AttachToParents(const ObjectKey& route, const RouteView& view, Reader& reader, FindingSink& findings) {
  Attaching attaching;
  if (view.parent_refs.empty()) {
    findings.Warning("spec", "W201", "the route names no Gateway, so it gets no request",
                     "add parentRefs: [{name: GATEWAY}]");
  }
  for (int i = 0; i < view.parent_refs.size(); ++i) {
    std::string path = Cat("spec.parentRefs[", i, "]");
    ParentResult result = AttachToParent(view.parent_refs[i], path, route, view, reader, findings, attaching);
    attaching.parents.push_back(std::move(result));
  }
  return attaching;
}

}  // namespace penstock::translator
