#include "controlplane/translator/listener_conflicts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/listener_sets.h"
#include "controlplane/translator/taken_places.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

void Conflict(ListenerOutput& listener, ClashKind clash, std::string problem) {
  listener.served = false;
  listener.conflict = {clash == ClashKind::kHostname ? "HostnameConflict" : "ProtocolConflict", std::move(problem)};
}

void TellHostnameConflict(ListenerOutput& first, ListenerOutput& second, FindingSink& findings) {
  findings.Error(second.path, "E111",
                 Cat("listener \"", second.name, "\" has ", PlaceText(PlaceOf(second)), ", and so has listener \"",
                     first.name, "\""),
                 "give one of them another port or hostname");
  Conflict(first, ClashKind::kHostname, Cat("same port and hostname as listener \"", second.name, "\""));
  Conflict(second, ClashKind::kHostname, Cat("same port and hostname as listener \"", first.name, "\""));
}

void TellProtocolConflict(ListenerOutput& first, ListenerOutput& second, FindingSink& findings) {
  findings.Error(
      second.path, "E113",
      Cat("listener \"", second.name, "\" is ", second.protocol, " on port ", second.port, ", where listener \"",
          first.name, "\" is ", first.protocol),
      "give one of them another port: only HTTP with HTTP, and HTTPS and TLS with each other, can share one");
  Conflict(first, ClashKind::kProtocol, Cat("the port is ", second.protocol, " for listener \"", second.name, "\""));
  Conflict(second, ClashKind::kProtocol, Cat("the port is ", first.protocol, " for listener \"", first.name, "\""));
}

void CompareTwo(ListenerOutput& first, ListenerOutput& second, FindingSink& findings) {
  TakenPlaces taken;
  taken.Take(PlaceOf(first), first.name);
  std::optional<TakenPlaces::Clash> clash = taken.Find(PlaceOf(second));
  if (!clash.has_value()) return;
  if (clash->kind == ClashKind::kHostname) TellHostnameConflict(first, second, findings);
  if (clash->kind == ClashKind::kProtocol) TellProtocolConflict(first, second, findings);
}

bool SharesAnAddress(const api::GatewaySpec& a, const api::GatewaySpec& b) {
  if (a.addresses().empty() || b.addresses().empty()) return a.addresses().empty() && b.addresses().empty();
  return std::any_of(a.addresses().begin(), a.addresses().end(), [&](const api::GatewayAddress& x) {
    return std::any_of(b.addresses().begin(), b.addresses().end(),
                       [&](const api::GatewayAddress& y) { return x.value() == y.value(); });
  });
}

// One run: who else has places on the ports of a Gateway, before any of its own listeners.
class Others {
 public:
  Others(const Upsert& self, std::string_view gateway_class, Reader& reader)
      : self_(self), gateway_class_(gateway_class), reader_(reader) {}

  TakenPlaces On(const std::set<uint32_t>& ports) {
    for (uint32_t port : ports) {
      for (const Upsert* gateway : reader_.GatewaysOnPort(gateway_class_, port)) {
        if (GoesFirst(*gateway)) Add(*gateway->object, port);
      }
      for (const Upsert* set : reader_.ListenerSetsOnPort(port)) {
        ObjectKey parent = ParentOf(*set->object);
        if (parent != self_.object->key() && IsTaken(*set->object, parent)) Add(*set->object, port);
      }
    }
    return std::move(taken_);
  }

 private:
  bool GoesFirst(const Upsert& gateway) {
    const api::GatewaySpec& theirs = gateway.object->As<api::Gateway>()->spec();
    return gateway.object->key() != self_.object->key() && theirs.gateway_class_name() == gateway_class_ &&
           OlderThan(gateway, self_) && SharesAnAddress(self_.object->As<api::Gateway>()->spec(), theirs);
  }

  bool IsTaken(const manifests::Object& listener_set, const ObjectKey& parent) {
    const Upsert* gateway = reader_.Object(parent);
    return gateway != nullptr && GoesFirst(*gateway) &&
           TakesListenerSets(parent, gateway->object->As<api::Gateway>()->spec(), listener_set.key().ns, reader_);
  }

  void Add(const manifests::Object& owner, uint32_t port) {
    for (const api::Listener& listener : ListenersOf(owner)) {
      if (static_cast<uint32_t>(listener.port()) == port)
        taken_.Take(PlaceOf(listener), Cat(owner.key().ToString(), ", which is older"));
    }
  }

  const Upsert& self_;
  std::string_view gateway_class_;
  Reader& reader_;
  TakenPlaces taken_;
};

void TellTaken(const TakenPlaces::Clash& clash, ListenerOutput& listener, FindingSink& findings) {
  std::string what = clash.kind == ClashKind::kHostname ? PlaceText(PlaceOf(listener))
                                                        : Cat("port ", listener.port, " is ", clash.protocol, " and");
  std::string problem = Cat(what, " belongs to ", clash.holder);
  findings.Unresolved(listener.path + ".port", "E112", problem, "use another port, hostname or address");
  Conflict(listener, clash.kind, problem);
}

// The wildcards that a host name is below, the widest ("") last.
std::vector<std::string> WildcardsOver(std::string_view hostname) {
  std::vector<std::string> wildcards;
  if (hostname.empty()) return wildcards;
  if (hostname.starts_with("*.")) hostname.remove_prefix(2);
  for (size_t dot = hostname.find('.'); dot != std::string_view::npos; dot = hostname.find('.')) {
    hostname.remove_prefix(dot + 1);
    wildcards.push_back(Cat("*.", hostname));
  }
  wildcards.emplace_back();
  return wildcards;
}

void NoteOverlap(const ListenerOutput& with, ListenerOutput& listener) {
  if (!listener.overlap.empty()) return;
  std::string which = with.owner == listener.owner ? Cat("listener \"", with.name, "\"") : "another listener";
  listener.overlap = which + " of the same port has hosts of this one, too";
}

}  // namespace

void FindConflictsInside(OwnerFindings& findings, GatewayOutput& output) {
  auto& listeners = output.listeners;
  for (size_t begin = 0, i = 0; i < listeners.size(); ++i) {
    if (listeners[i].owner != listeners[begin].owner) begin = i;
    FindingSink& sink = findings.Of(listeners[i]);
    // What could not be read may be what tells two listeners apart.
    if (sink.is_partial()) continue;
    for (size_t j = begin; j < i; ++j) CompareTwo(listeners[j], listeners[i], sink);
  }
}

void FindConflictsBetween(const Upsert& self, Reader& reader, OwnerFindings& findings, GatewayOutput& output) {
  std::set<uint32_t> ports;
  for (const ListenerOutput& listener : output.listeners) ports.insert(listener.port);
  TakenPlaces taken = Others(self, output.gateway_class, reader).On(ports);
  for (size_t begin = 0, end = 0; begin < output.listeners.size(); begin = end) {
    const ObjectKey owner = output.listeners[begin].owner;
    for (end = begin; end < output.listeners.size() && output.listeners[end].owner == owner; ++end) {
      ListenerOutput& listener = output.listeners[end];
      std::optional<TakenPlaces::Clash> clash = taken.Find(PlaceOf(listener));
      if (clash.has_value() && listener.served) TellTaken(*clash, listener, findings.Of(listener));
    }
    // Those of one object were compared with each other already.
    for (size_t i = begin; i < end; ++i)
      taken.Take(PlaceOf(output.listeners[i]), Cat(owner.ToString(), ", which goes first"));
  }
}

void FindOverlaps(GatewayOutput& output) {
  std::map<std::pair<uint32_t, std::string>, ListenerOutput*> places;
  auto counts = [](const ListenerOutput& listener) { return listener.served && listener.transport == Transport::kTls; };
  for (ListenerOutput& listener : output.listeners) {
    if (counts(listener)) places[{listener.port, listener.hostname}] = &listener;
  }
  for (ListenerOutput& listener : output.listeners) {
    if (!counts(listener)) continue;
    for (const std::string& wildcard : WildcardsOver(listener.hostname)) {
      auto above = places.find({listener.port, wildcard});
      if (above == places.end()) continue;
      NoteOverlap(*above->second, listener);
      NoteOverlap(listener, *above->second);
    }
  }
}

}  // namespace penstock::translator
