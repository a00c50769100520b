#include "controlplane/translator/builder.h"

#include <algorithm>

#include "controlplane/translator/check_unit.h"
#include "controlplane/translator/index.h"
#include "controlplane/translator/listener_sets.h"
#include "controlplane/translator/route_kinds.h"
#include "controlplane/translator/secret_contents.h"
#include "controlplane/translator/shadow.h"

namespace penstock::translator {
namespace {

const manifests::Object* ObjectOf(const Upsert* upsert) { return upsert == nullptr ? nullptr : upsert->object.get(); }

}  // namespace

bool SameStatus(const StatusPtr& a, const StatusPtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->SerializeAsString() == b->SerializeAsString();
}

bool SameResource(const ResourcePtr& a, const ResourcePtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a == b || (a->version == b->version && a->gateways == b->gateways);
}

Builder::Builder(StatePtr previous, const TranslateOptions& options)
    : previous_(std::move(previous)),
      options_(options),
      state_(previous_ == nullptr ? std::make_shared<State>() : std::make_shared<State>(*previous_)) {}

void Builder::Apply(const Changes& changes) {
  for (const ObjectKey& key : changes.removals) Remove(key);
  for (const Upsert& upsert : changes.upserts) Put(upsert);
}

Result Builder::Finish() {
  RunAll(UnitKind::kGateway, [this](const UnitKey& unit) { RunGateway(unit.object); });
  RunAll(UnitKind::kRoute, [this](const UnitKey& unit) { RunRoute(unit.object); });
  RunOutcomes();
  RunAll(UnitKind::kCluster, [this](const UnitKey& unit) { RunCluster(unit.object.name); });
  RunAll(UnitKind::kSecret, [this](const UnitKey& unit) { RunSecret(unit.object.name); });
  RunAll(UnitKind::kCheck, [this](const UnitKey& unit) { RunCheck(unit.object); });
  RunShadows();
  SetGatewayStatuses();
  SetListenerSetStatuses();
  SetGatewayInfos();

  Result result;
  for (const auto& [key, before] : resources_before_) {
    const ResourcePtr* now = state_->resources.Find(key);
    if (now == nullptr) {
      if (before != nullptr) result.removals.push_back({key.first, key.second});
    } else if (!SameResource(before, *now)) {
      result.upserts.push_back(*now);
    }
  }
  for (const auto& [key, before] : statuses_before_) {
    const StatusPtr* now = state_->statuses.Find(key);
    if (!SameStatus(before, now == nullptr ? nullptr : *now))
      result.statuses.push_back({key, now == nullptr ? nullptr : *now});
  }
  result.findings = std::move(findings_);
  result.state = std::move(state_);
  return result;
}

void Builder::Put(const Upsert& upsert) {
  const ObjectKey& key = upsert.object->key();
  const Upsert* found = state_->objects.Find(key);
  manifests::ObjectPtr before = found == nullptr ? nullptr : found->object;
  bool same = before != nullptr && manifests::SameContents(*before, *upsert.object);
  Upsert now = upsert;
  if (now.first_generation == 0)
    now.first_generation = found == nullptr ? options_.generation : found->first_generation;
  if (now.last_generation == 0) now.last_generation = same ? found->last_generation : options_.generation;
  now.contents = same ? found->contents : ContentsOf(upsert.object);
  bool changed =
      !same || found->first_generation != now.first_generation || found->last_generation != now.last_generation;
  state_->objects.Set(key, now);
  if (changed) Reindex(key, before.get(), now.object.get());
  if (!same) changed_.insert(key.ToString());
  MarkUnit(key);
}

void Builder::Remove(const ObjectKey& key) {
  const Upsert* found = state_->objects.Find(key);
  if (found == nullptr) return;
  manifests::ObjectPtr before = found->object;
  state_->objects.Erase(key);
  Reindex(key, before.get(), nullptr);
  MarkUnit(key);
}

void Builder::Reindex(const ObjectKey& key, const manifests::Object* before, const manifests::Object* after) {
  for (const IndexEntry& entry : IndexEntriesOf(before, after)) {
    const PersistentSet<ObjectKey>* found = state_->index.Find(entry.dep);
    PersistentSet<ObjectKey> members = found == nullptr ? PersistentSet<ObjectKey>() : *found;
    if (entry.is_member) {
      members.Insert(key);
    } else {
      members.Erase(key);
    }
    if (members.empty()) {
      state_->index.Erase(entry.dep);
    } else if (!entry.is_member || !entry.was_member) {
      state_->index.Set(entry.dep, std::move(members));
    }
    MarkChanged(entry.dep);
  }
  MarkChanged(ObjectDep(key));
  if (ShapeOf(before) != ShapeOf(after)) MarkChanged(ShapeDep(key));
}

void Builder::MarkChanged(const std::string& dep) {
  if (const PersistentSet<UnitKey>* readers = state_->readers.Find(dep)) {
    readers->ForEach([this](const UnitKey& unit) { dirty_.insert(unit); });
  }
}

void Builder::MarkUnit(const ObjectKey& key) {
  if (key.kind == "Gateway") {
    dirty_.insert({UnitKind::kGateway, key});
  } else if (IsRouteKind(key.kind)) {
    dirty_.insert({UnitKind::kRoute, key});
  } else if (HasChecks(key)) {
    dirty_.insert({UnitKind::kCheck, key});
  }
}

// No unit marks others of its own kind or of an earlier one.
template <typename Run>
void Builder::RunAll(UnitKind kind, Run run) {
  std::vector<UnitKey> units;
  for (const UnitKey& unit : dirty_) {
    if (unit.kind == kind) units.push_back(unit);
  }
  for (const UnitKey& unit : units) run(unit);
}

void Builder::RunShadows() {
  std::set<std::string> seen;
  for (const std::string& text : dirty_claims_) {
    const std::vector<ClaimPtr>* claims = state_->claims.Find(text);
    std::vector<Finding> shadows;
    if (claims != nullptr) shadows = ShadowedBy(*claims, state_->objects);
    AddNewShadows(shadows, seen, findings_);
    if (shadows.empty()) {
      state_->shadows.Erase(text);
    } else {
      state_->shadows.Set(text, std::move(shadows));
    }
  }
}

void Builder::SetGatewayStatuses() {
  for (const ObjectKey& key : dirty_gateway_status_) {
    const Upsert* upsert = state_->objects.Find(key);
    const std::shared_ptr<const GatewayOutput>* output = state_->gateways.Find(key);
    if (upsert == nullptr || output == nullptr || !(*output)->ours) {
      SetStatus(key, nullptr);
      continue;
    }
    for (const ListenerSetOutput& set : (*output)->listener_sets) dirty_set_status_.insert(set.key);
    SetStatus(key, GatewayStatusOf(*upsert, **output, AttachedTo(**output)));
  }
}

void Builder::SetListenerSetStatuses() {
  for (const ObjectKey& key : dirty_set_status_) {
    const Upsert* upsert = state_->objects.Find(key);
    if (upsert == nullptr) {
      SetStatus(key, nullptr);
      continue;
    }
    const std::shared_ptr<const GatewayOutput>* gateway = state_->gateways.Find(ParentOf(*upsert->object));
    if (gateway == nullptr) {
      SetStatus(key, ListenerSetStatusOf(*upsert, nullptr, {}));
    } else {
      // Another controller's are left alone.
      SetStatus(key, (*gateway)->ours ? ListenerSetStatusOf(*upsert, gateway->get(), AttachedTo(**gateway)) : nullptr);
    }
  }
}

std::vector<int32_t> Builder::AttachedTo(const GatewayOutput& gateway) const {
  std::vector<int32_t> attached;
  for (const ListenerOutput& listener : gateway.listeners) {
    const int32_t* count = state_->attached.Find(listener.ResourceName());
    attached.push_back(count == nullptr ? 0 : *count);
  }
  return attached;
}

void Builder::SetGatewayInfos() {
  Gateways infos = *state_->gateway_infos;
  for (const UnitKey& unit : dirty_) {
    if (unit.kind != UnitKind::kGateway) continue;
    infos.erase(NamespacedName(unit.object));
    const std::shared_ptr<const GatewayOutput>* output = state_->gateways.Find(unit.object);
    if (output == nullptr || !(*output)->ours) continue;
    const manifests::Object& object = *ObjectOf(state_->objects.Find(unit.object));
    infos[NamespacedName(unit.object)] = {(*output)->gateway_class, object.Labels()};
  }
  if (infos != *state_->gateway_infos) state_->gateway_infos = std::make_shared<const Gateways>(std::move(infos));
}

}  // namespace penstock::translator
