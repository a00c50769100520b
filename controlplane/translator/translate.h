// Manifests -> resources: what the objects that people wrote mean for the data planes, with the semantics of the
// Gateway API. Pure and incremental: a change costs what depends on it, and the result is the same as that of
// translating everything anew.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "api/manifests/v1/status.pb.h"
#include "controlplane/manifests/finding.h"
#include "controlplane/manifests/object.h"
#include "proto/penstock/xds/v1/generation.pb.h"

namespace penstock::translator {

// The controllerName of GatewayClasses that Penstock serves.
inline constexpr std::string_view kControllerName = "penstock.dev/gateway-controller";
// The class that exists without an object.
inline constexpr std::string_view kDefaultGatewayClass = "default";
// Annotation of routes: a higher number wins ties of equally specific matches.
inline constexpr std::string_view kPriorityAnnotation = "penstock.dev/priority";

// One resource for the data planes; immutable and shared. `version` and `bytes` are deterministic: equal objects give
// equal bytes in every process (dataplane/snapshot/hash.h).
//
// Every resource says which Gateways need it, so that a data plane gets those of its Gateways and no others: a Listener
// has its own Gateway; a Route one (an HTTPRoute of several Gateways becomes a Route for each: the first of its
// parentRefs has the name "NAMESPACE/NAME", the others "NAMESPACE/NAME@GATEWAY_NAMESPACE/GATEWAY"; other kinds have
// their kind in front, "tcproute/NAMESPACE/NAME"); a Cluster and its Endpoints those of all Routes that name it; a
// Secret those whose listeners name it. Gateways of different classes may use the same port and host: resources must be
// compiled per class, not all at once. What compiles for a class compiles for every group of it.
struct Resource {
  std::string type_url;
  std::string name;
  std::string version;
  std::string bytes;
  std::vector<std::string> gateways;  // "NAMESPACE/NAME", sorted; empty: every data plane needs it
};
using ResourcePtr = std::shared_ptr<const Resource>;

struct ResourceId {
  std::string type_url;
  std::string name;

  friend auto operator<=>(const ResourceId&, const ResourceId&) = default;
};

// What decides who serves a Gateway.
struct GatewayInfo {
  std::string gateway_class;
  std::map<std::string, std::string> labels;

  friend bool operator==(const GatewayInfo&, const GatewayInfo&) = default;
};
// By "NAMESPACE/NAME"; the Gateways of our classes.
using Gateways = std::map<std::string, GatewayInfo, std::less<>>;

// What a data plane asked for: the Gateways of a class, all of them or those that carry all of `labels`.
struct GroupSelector {
  std::string gateway_class{kDefaultGatewayClass};
  std::map<std::string, std::string> labels;
};

// Everything known after a translation. Immutable; any thread may read. It shares what did not change with the state
// that it came from.
class State;
using StatePtr = std::shared_ptr<const State>;

class SecretContents;  // private to the translator

// An object as it is now. The generations are the tie-breaker "oldest" and status.observedGeneration; 0: Translate()
// keeps the first_generation of an object that was there before and takes TranslateOptions::generation for everything
// else.
struct Upsert {
  manifests::ObjectPtr object;
  uint64_t first_generation = 0;
  uint64_t last_generation = 0;
  // Of a Secret or ConfigMap: what it holds for TLS. Translate() sets it.
  std::shared_ptr<const SecretContents> contents = nullptr;
};

struct Changes {
  std::vector<Upsert> upserts;
  std::vector<manifests::ObjectKey> removals;  // of unknown objects: no effect
};

struct TranslateOptions {
  uint64_t generation = 0;  // the number that this transaction will get
  // References to what does not exist or is not permitted are warnings, and their share of requests is answered with
  // 500. Set it also to build the state of what is stored already: it was accepted once. Without it, a reference that
  // was accepted so stays a warning as long as the object that holds it does not change.
  bool allow_unresolved = false;
  // Certificates that do not count at this time are warned about. nullopt: nothing is said.
  std::optional<absl::Time> now = std::nullopt;
};

struct StatusChange {
  manifests::ObjectKey object;
  std::shared_ptr<const manifests::v1::ObjectStatus> status;  // nullptr: gone
};

struct Result {
  StatePtr state;
  // Relative to the previous state. A resource of which only `gateways` changed is an upsert with its old version.
  std::vector<ResourcePtr> upserts;    // by type, then name
  std::vector<ResourceId> removals;    // by type, then name
  std::vector<StatusChange> statuses;  // of objects whose status changed, by key
  // About the changed objects and what depends on them (also objects that did not change themselves: a route whose
  // backend was deleted). With an error among them nothing of this result may be stored or sent. SortAndCap is the
  // caller's.
  std::vector<manifests::Finding> findings;
};

// Translates CHANGES on top of PREVIOUS (nullptr: nothing). Never fails: what is wrong with the objects is in the
// findings, and what has errors is left out. Objects with has_errors() may take part, to find more errors at once.
//
// Pure. One thread at a time per line of states that descend from each other.
//
// Endpoints.epoch is left 0: whoever moves endpoints between two generations numbers them.
Result Translate(const StatePtr& previous, const Changes& changes, const TranslateOptions& options);

// The same for the change of an apply: all ages by the rule of Upsert.
Result Translate(const StatePtr& previous, const manifests::ChangeSet& changes, const TranslateOptions& options);

// --- Reading a state. A nullptr state is the empty one. ---

// Every resource, by type and name.
std::vector<ResourcePtr> AllResources(const StatePtr& state);
// Everything that is wrong or worth a warning, in no order.
std::vector<manifests::Finding> AllFindings(const StatePtr& state);
// nullptr: the object does not exist, or objects of its kind have no status. `last_transition_time` is empty.
std::shared_ptr<const manifests::v1::ObjectStatus> StatusOf(const StatePtr& state, const manifests::ObjectKey& key);
// The object and its generations; object == nullptr if there is none.
Upsert FindObject(const StatePtr& state, const manifests::ObjectKey& key);
// Every object, by key.
std::vector<Upsert> AllObjects(const StatePtr& state);

// The same pointer as the previous state's while nothing about the Gateways changed. Never nullptr.
std::shared_ptr<const Gateways> AllGateways(const StatePtr& state);

// --- Groups of data planes ---

// Does a data plane of GROUP serve the Gateway?
bool Serves(const GroupSelector& group, const GatewayInfo& gateway);
// The resources of a group, by type and name.
std::vector<ResourcePtr> ResourcesOf(const StatePtr& state, const GroupSelector& group);

struct GroupDelta {
  std::vector<ResourcePtr> upserts;
  std::vector<ResourceId> removals;
};
// What RESULT changes for a group that had the resources of PREVIOUS. Costs O(RESULT) unless a Gateway came to or left
// the group.
GroupDelta DeltaOf(const StatePtr& previous, const Result& result, const GroupSelector& group);

// --- From resources back to manifests ---

// The finding for a problem that snapshot::Compile found in a resource of STATE: the object that it was made of, and
// the field of that object that the problem's field path stems from.
manifests::Finding FindingOf(const StatePtr& state, const xds::v1::ResourceProblem& problem);

}  // namespace penstock::translator
