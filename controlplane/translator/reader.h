// How a unit looks at the world: every look is remembered, so that the unit is run again when the answer may have
// changed.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/translator/app_protocol.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// What a reference to a Backend or Service can name.
struct BackendShape {
  bool exists = false;
  bool any_port = false;                      // a Backend with a name that has no port of its own
  bool needs_port = false;                    // only with a port in the reference
  std::set<uint32_t> ports;                   // TCP ports of a Service, ports of a Backend's endpoints
  std::set<uint32_t> udp_ports;               // of a Service
  std::map<uint32_t, AppProtocol> protocols;  // of the TCP ports of a Service that say something; of a Backend: 0
  bool proxy_protocol = false;                // a Backend that wants it
  bool unix_sockets = false;                  // a Backend that has some

  AppProtocol ProtocolOn(uint32_t port) const;

  friend bool operator==(const BackendShape&, const BackendShape&) = default;
};
// nullptr: no such object.
BackendShape ShapeOf(const manifests::Object* object);

// Belongs to one run of one unit; what it returns is valid as long as the state does not change.
class Reader {
 public:
  Reader(const State& state, bool allow_unresolved) : state_(state), allow_unresolved_(allow_unresolved) {}

  bool allow_unresolved() const { return allow_unresolved_; }

  const Upsert* Object(const ObjectKey& key);
  template <typename T>
  const T* Get(const ObjectKey& key) {
    const Upsert* upsert = Object(key);
    return upsert == nullptr ? nullptr : upsert->object->As<T>();
  }
  BackendShape Shape(const ObjectKey& key);
  const GatewayOutput* Gateway(const ObjectKey& key);  // nullptr: no such Gateway

  // Oldest first.
  std::vector<const Upsert*> Grants(std::string_view ns);
  std::vector<const Upsert*> PoliciesOn(const ObjectKey& target);
  std::vector<const Upsert*> BackendTlsPolicies(const ObjectKey& target);
  std::vector<const Upsert*> Slices(std::string_view ns, std::string_view service);
  std::vector<const Upsert*> GatewaysOnPort(std::string_view gateway_class, uint32_t port);
  std::vector<const Upsert*> ListenerSetsOnPort(uint32_t port);
  std::vector<const Upsert*> ListenerSetsOf(const ObjectKey& gateway);
  // Consumers and ApiKeys that claim a credential: CREDENTIAL is TokenDep() or another one of its kind.
  std::vector<const Upsert*> Claiming(const std::string& credential);

  bool TakesTokensOf(const std::string& issuer);    // does a SecurityPolicy?
  bool TakesTokens() { return TakesTokensOf(""); }  // of anybody

  // `did you mean "x"?` from the names of objects of these kinds, or "".
  std::string DidYouMean(std::string_view name, std::string_view ns, const std::vector<std::string_view>& kinds);
  // What to do about a name that none of them has: that question, or what those do who create or delete it.
  std::string StepForMissing(std::string_view name, std::string_view ns, const std::vector<std::string_view>& kinds);

  // All that was read: sorted, unique.
  std::vector<std::string> TakeReads();

 private:
  std::vector<const Upsert*> Members(std::string dep);

  const State& state_;
  bool allow_unresolved_;
  std::vector<std::string> reads_;
};

// Older first: by the generation that first held the object, then by namespace and name.
bool OlderThan(const Upsert& a, const Upsert& b);

}  // namespace penstock::translator
