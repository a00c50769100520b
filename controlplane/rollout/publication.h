// What the rollout hands to those who stream it: one stored generation, for one group of data planes, as a change to
// the one before.
#pragma once

#include <string>
#include <vector>

#include "controlplane/store/store.h"
#include "controlplane/translator/translate.h"
#include "proto/penstock/xds/v1/generation.pb.h"

namespace penstock::rollout {

using translator::GroupSelector;
using translator::Resource;
using translator::ResourceId;
using translator::ResourcePtr;

// The canonical text of a selector, equal for equal ones: "default", "default;region=eu,tier=gold".
std::string GroupKey(const GroupSelector& selector);

// Generation `id` for the group `key`. The first publication of a group is a change to nothing.
struct Publication {
  std::string key;
  store::GenerationId id;
  std::vector<ResourcePtr> upserts;
  std::vector<ResourceId> removals;
  xds::v1::Generation generation;  // the commit record that is sent last
};

// Streams publications to the fleet.
class Publisher {
 public:
  virtual ~Publisher() = default;

  // Called on the apply thread, per group in the order of generations, after the generation was stored. Must not wait
  // for a replica.
  virtual void Publish(const Publication& publication) = 0;

  // Targets may have changed without a publication: a generation was rejected. Any thread, no lock of the rollout held.
  virtual void TargetsChanged() = 0;
};

}  // namespace penstock::rollout
