#include <algorithm>
#include <set>

#include "controlplane/translator/state.h"

namespace penstock::translator {
namespace {

using Selected = std::set<std::string, std::less<>>;

Selected GatewaysOf(const StatePtr& state, const GroupSelector& group) {
  Selected selected;
  for (const auto& [name, info] : *AllGateways(state)) {
    if (Serves(group, info)) selected.insert(name);
  }
  return selected;
}

bool Needs(const Selected& gateways, const Resource& resource) {
  return resource.gateways.empty() ||
         std::any_of(resource.gateways.begin(), resource.gateways.end(),
                     [&](const std::string& gateway) { return gateways.contains(gateway); });
}

// With the same Gateways as before, only what the result names can differ.
GroupDelta DeltaOfSameGateways(const StatePtr& previous, const Result& result, const Selected& gateways) {
  GroupDelta delta;
  for (const ResourcePtr& resource : result.upserts) {
    const ResourcePtr* before =
        previous == nullptr ? nullptr : previous->resources.Find({resource->type_url, resource->name});
    bool had = before != nullptr && Needs(gateways, **before);
    if (!Needs(gateways, *resource)) {
      if (had) delta.removals.push_back({resource->type_url, resource->name});
    } else if (!had || (*before)->version != resource->version) {
      delta.upserts.push_back(resource);
    }
  }
  for (const ResourceId& id : result.removals) {
    const ResourcePtr* before = previous == nullptr ? nullptr : previous->resources.Find({id.type_url, id.name});
    if (before != nullptr && Needs(gateways, **before)) delta.removals.push_back(id);
  }
  std::sort(delta.removals.begin(), delta.removals.end());
  return delta;
}

// Both lists are sorted by type and name.
GroupDelta Difference(const std::vector<ResourcePtr>& before, const std::vector<ResourcePtr>& after) {
  GroupDelta delta;
  auto old = before.begin();
  auto id = [](const ResourcePtr& resource) { return ResourceId{resource->type_url, resource->name}; };
  for (const ResourcePtr& resource : after) {
    for (; old != before.end() && id(*old) < id(resource); ++old) delta.removals.push_back(id(*old));
    bool had = old != before.end() && id(*old) == id(resource);
    if (!had || (*old)->version != resource->version) delta.upserts.push_back(resource);
    if (had) ++old;
  }
  for (; old != before.end(); ++old) delta.removals.push_back(id(*old));
  return delta;
}

}  // namespace

bool Serves(const GroupSelector& group, const GatewayInfo& gateway) {
  if (group.gateway_class != gateway.gateway_class) return false;
  return std::all_of(group.labels.begin(), group.labels.end(), [&](const auto& label) {
    auto found = gateway.labels.find(label.first);
    return found != gateway.labels.end() && found->second == label.second;
  });
}

std::vector<ResourcePtr> ResourcesOf(const StatePtr& state, const GroupSelector& group) {
  Selected gateways = GatewaysOf(state, group);
  std::vector<ResourcePtr> resources = AllResources(state);
  std::erase_if(resources, [&](const ResourcePtr& resource) { return !Needs(gateways, *resource); });
  return resources;
}

GroupDelta DeltaOf(const StatePtr& previous, const Result& result, const GroupSelector& group) {
  Selected gateways = GatewaysOf(result.state, group);
  if (AllGateways(previous) == AllGateways(result.state) || GatewaysOf(previous, group) == gateways) {
    return DeltaOfSameGateways(previous, result, gateways);
  }
  return Difference(ResourcesOf(previous, group), ResourcesOf(result.state, group));
}

}  // namespace penstock::translator
