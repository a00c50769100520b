// What the rollout hands to those who stream it: one stored generation as a change to the one before.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/store/store.h"

namespace penstock::rollout {

// One resource as it goes over the wire; immutable and shared by every group, ring entry and stream that holds it.
struct Resource {
  std::string type_url;  // "type.googleapis.com/penstock.xds.v1.Route"
  std::string name;
  std::string version;  // ResourceVersion of dataplane/snapshot/hash.h
  std::string bytes;    // the serialised message, deterministic
};

struct ResourceId {
  std::string type_url;
  std::string name;

  friend auto operator<=>(const ResourceId&, const ResourceId&) = default;
};

// What decides which replicas serve a Gateway.
struct Gateway {
  std::string gateway_class;
  std::map<std::string, std::string> labels;

  friend bool operator==(const Gateway&, const Gateway&) = default;
};

// By "NAMESPACE/NAME": the first two segments of the names of its listeners.
using Gateways = std::map<std::string, Gateway, std::less<>>;

// Generation `id`, as a change to the generation published before it (the first one: to nothing).
struct Publication {
  store::GenerationId id;
  std::vector<std::shared_ptr<const Resource>> upserts;
  std::vector<ResourceId> removals;
  std::shared_ptr<const Gateways> gateways;
};

// Streams publications to the fleet.
class Publisher {
 public:
  virtual ~Publisher() = default;

  // Called on the apply thread, in the order of generations, after the generation was stored. Must not block on a
  // replica.
  virtual void Publish(const Publication& publication) = 0;

  // Targets changed without a new generation: the newest was rejected, or a wave went on. Any thread.
  virtual void TargetsChanged() = 0;
};

}  // namespace penstock::rollout
