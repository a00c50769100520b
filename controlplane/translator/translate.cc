#include "controlplane/translator/translate.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controlplane/translator/builder.h"
#include "controlplane/translator/shadow.h"

namespace penstock::translator {
namespace {

const State& Read(const StatePtr& state) {
  static const State kEmpty;
  return state == nullptr ? kEmpty : *state;
}

void SortResources(std::vector<ResourcePtr>& resources) {
  std::sort(resources.begin(), resources.end(), [](const ResourcePtr& a, const ResourcePtr& b) {
    return std::tie(a->type_url, a->name) < std::tie(b->type_url, b->name);
  });
}

}  // namespace

Result Translate(const StatePtr& previous, const Changes& changes, const TranslateOptions& options) {
  Builder builder(previous, options);
  builder.Apply(changes);
  return builder.Finish();
}

Result Translate(const StatePtr& previous, const manifests::ChangeSet& changes, const TranslateOptions& options) {
  Changes converted;
  for (const manifests::ObjectPtr& object : changes.upserts) converted.upserts.push_back({.object = object});
  converted.removals = changes.removals;
  return Translate(previous, converted, options);
}

std::vector<ResourcePtr> AllResources(const StatePtr& state) {
  std::vector<ResourcePtr> resources;
  Read(state).resources.ForEach([&](const auto&, const ResourcePtr& resource) { resources.push_back(resource); });
  SortResources(resources);
  return resources;
}

std::vector<manifests::Finding> AllFindings(const StatePtr& state) {
  std::vector<Finding> all;
  auto add = [&](const auto&, const auto& unit) {
    all.insert(all.end(), unit->findings.begin(), unit->findings.end());
  };
  Read(state).gateways.ForEach(add);
  Read(state).routes.ForEach(add);
  Read(state).clusters.ForEach(add);
  Read(state).secrets.ForEach(add);
  Read(state).checks.ForEach(add);
  std::set<std::string> seen;
  Read(state).shadows.ForEach(
      [&](const std::string&, const std::vector<Finding>& shadows) { AddNewShadows(shadows, seen, all); });
  return all;
}

std::shared_ptr<const manifests::v1::ObjectStatus> StatusOf(const StatePtr& state, const ObjectKey& key) {
  const StatusPtr* found = Read(state).statuses.Find(key);
  return found == nullptr ? nullptr : *found;
}

Upsert FindObject(const StatePtr& state, const ObjectKey& key) {
  const Upsert* found = Read(state).objects.Find(key);
  return found == nullptr ? Upsert{} : *found;
}

std::vector<Upsert> AllObjects(const StatePtr& state) {
  std::vector<Upsert> objects;
  Read(state).objects.ForEach([&](const ObjectKey&, const Upsert& upsert) { objects.push_back(upsert); });
  std::sort(objects.begin(), objects.end(),
            [](const Upsert& a, const Upsert& b) { return a.object->key() < b.object->key(); });
  return objects;
}

std::shared_ptr<const Gateways> AllGateways(const StatePtr& state) { return Read(state).gateway_infos; }

}  // namespace penstock::translator
