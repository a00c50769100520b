#include "controlplane/translator/builder.h"

#include <algorithm>

#include "controlplane/translator/check_unit.h"
#include "controlplane/translator/cluster_unit.h"
#include "controlplane/translator/gateway_unit.h"
#include "controlplane/translator/index.h"
#include "controlplane/translator/route_unit.h"
#include "controlplane/translator/shadow.h"

namespace penstock::translator {
namespace {

const manifests::Object* ObjectOf(const Upsert* upsert) { return upsert == nullptr ? nullptr : upsert->object.get(); }

bool SameStatus(const StatusPtr& a, const StatusPtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->SerializeAsString() == b->SerializeAsString();
}

bool SameResource(const ResourcePtr& a, const ResourcePtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a == b || (a->version == b->version && a->gateways == b->gateways);
}

// Was FINDING made before, as something that was accepted?
bool WasAccepted(const Finding& finding, const std::vector<Finding>& before) {
  return std::any_of(before.begin(), before.end(), [&](const Finding& old) {
    return old.severity() == Finding::WARNING && old.code() == finding.code() && old.object() == finding.object() &&
           old.path() == finding.path() && old.message() == finding.message();
  });
}

template <typename Output>
const Output& OutputOr(const std::shared_ptr<const Output>* found, const Output& none) {
  return found == nullptr ? none : **found;
}

}  // namespace

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
  RunAll(UnitKind::kCluster, [this](const UnitKey& unit) { RunCluster(unit.object.name); });
  RunAll(UnitKind::kCheck, [this](const UnitKey& unit) { RunCheck(unit.object); });
  RunShadows();
  SetGatewayStatuses();
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
  } else if (key.kind == "HTTPRoute") {
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

void Builder::RunGateway(const ObjectKey& key) {
  static const GatewayOutput kNone;
  const std::shared_ptr<const GatewayOutput>* found = state_->gateways.Find(key);
  std::shared_ptr<const GatewayOutput> keep = found == nullptr ? nullptr : *found;
  const GatewayOutput& before = OutputOr(found, kNone);
  auto after = std::make_shared<GatewayOutput>();
  const Upsert* upsert = state_->objects.Find(key);
  if (upsert != nullptr) {
    Reader reader(*state_, options_.allow_unresolved);
    *after = TranslateGateway(*upsert, reader);
  }
  AddFindings(before, *after);
  SetReads({UnitKind::kGateway, key}, before.reads, after->reads);
  SetResources(before.resources, after->resources);
  if (before.fingerprint != after->fingerprint) MarkChanged(GatewayDep(key));
  dirty_gateway_status_.insert(key);
  if (upsert == nullptr) {
    state_->gateways.Erase(key);
  } else {
    state_->gateways.Set(key, std::move(after));
  }
}

void Builder::RunRoute(const ObjectKey& key) {
  static const RouteOutput kNone;
  const std::shared_ptr<const RouteOutput>* found = state_->routes.Find(key);
  std::shared_ptr<const RouteOutput> keep = found == nullptr ? nullptr : *found;
  const RouteOutput& before = OutputOr(found, kNone);
  auto after = std::make_shared<RouteOutput>();
  const Upsert* upsert = state_->objects.Find(key);
  if (upsert != nullptr) {
    Reader reader(*state_, options_.allow_unresolved);
    *after = TranslateRoute(*upsert, reader);
  }
  AddFindings(before, *after);
  SetReads({UnitKind::kRoute, key}, before.reads, after->reads);
  SetResources(before.resources, after->resources);
  SetUses(before, *after);
  SetClaims(before, *after);
  SetAttached(before, *after);
  SetStatus(key, after->status);
  if (upsert == nullptr) {
    state_->routes.Erase(key);
  } else {
    state_->routes.Set(key, std::move(after));
  }
}

void Builder::RunCluster(const std::string& cluster) {
  static const ClusterOutput kNone;
  const std::shared_ptr<const ClusterOutput>* found = state_->clusters.Find(cluster);
  std::shared_ptr<const ClusterOutput> keep = found == nullptr ? nullptr : *found;
  const ClusterOutput& before = OutputOr(found, kNone);
  auto after = std::make_shared<ClusterOutput>();
  const auto* users = state_->cluster_users.Find(cluster);
  if (users != nullptr) {
    std::vector<std::string> gateways;
    for (const auto& [gateway, routes] : *users) gateways.push_back(gateway);
    Reader reader(*state_, options_.allow_unresolved);
    *after = TranslateCluster(cluster, std::move(gateways), reader);
  }
  AddFindings(before, *after);
  SetReads({UnitKind::kCluster, ObjectKey{"", "", "", cluster}}, before.reads, after->reads);
  SetResources(before.resources, after->resources);
  if (users == nullptr) {
    state_->clusters.Erase(cluster);
  } else {
    state_->clusters.Set(cluster, std::move(after));
  }
}

void Builder::RunCheck(const ObjectKey& key) {
  static const CheckOutput kNone;
  const std::shared_ptr<const CheckOutput>* found = state_->checks.Find(key);
  std::shared_ptr<const CheckOutput> keep = found == nullptr ? nullptr : *found;
  const CheckOutput& before = OutputOr(found, kNone);
  auto after = std::make_shared<CheckOutput>();
  const Upsert* upsert = state_->objects.Find(key);
  if (upsert != nullptr) {
    Reader reader(*state_, options_.allow_unresolved);
    *after = CheckObject(*upsert, reader);
  }
  AddFindings(before, *after);
  SetReads({UnitKind::kCheck, key}, before.reads, after->reads);
  SetStatus(key, after->status);
  if (upsert == nullptr) {
    state_->checks.Erase(key);
  } else {
    state_->checks.Set(key, std::move(after));
  }
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
    std::vector<int32_t> attached;
    for (const ListenerOutput& listener : (*output)->listeners) {
      const int32_t* count = state_->attached.Find(listener.ResourceName(key));
      attached.push_back(count == nullptr ? 0 : *count);
    }
    SetStatus(key, GatewayStatusOf(*upsert, **output, attached));
  }
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

// What was accepted with --allow-unresolved is no fault of a change that neither writes nor breaks it.
void Builder::AddFindings(const UnitOutput& before, UnitOutput& after) {
  for (Finding& finding : after.findings) {
    bool known = finding.severity() == Finding::ERROR && !changed_.contains(finding.object());
    if (known && WasAccepted(finding, before.findings)) finding.set_severity(Finding::WARNING);
    findings_.push_back(finding);
  }
}

void Builder::SetReads(const UnitKey& unit, const std::vector<std::string>& before,
                       const std::vector<std::string>& after) {
  auto change = [&](const std::string& dep, bool reads) {
    const PersistentSet<UnitKey>* found = state_->readers.Find(dep);
    PersistentSet<UnitKey> readers = found == nullptr ? PersistentSet<UnitKey>() : *found;
    if (reads) {
      readers.Insert(unit);
    } else {
      readers.Erase(unit);
    }
    if (readers.empty()) {
      state_->readers.Erase(dep);
    } else {
      state_->readers.Set(dep, std::move(readers));
    }
  };
  std::vector<std::string> difference;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(difference));
  for (const std::string& dep : difference) change(dep, false);
  difference.clear();
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(difference));
  for (const std::string& dep : difference) change(dep, true);
}

void Builder::SetResources(const std::vector<ResourcePtr>& before, const std::vector<ResourcePtr>& after) {
  auto touch = [&](const ResourceKey& key) {
    const ResourcePtr* found = state_->resources.Find(key);
    resources_before_.try_emplace(key, found == nullptr ? nullptr : *found);
    return found == nullptr ? nullptr : *found;
  };
  std::set<ResourceKey> kept;
  for (const ResourcePtr& resource : after) {
    ResourceKey key{resource->type_url, resource->name};
    if (!SameResource(touch(key), resource)) state_->resources.Set(key, resource);
    kept.insert(std::move(key));
  }
  for (const ResourcePtr& resource : before) {
    ResourceKey key{resource->type_url, resource->name};
    if (kept.contains(key)) continue;
    touch(key);
    state_->resources.Erase(key);
  }
}

void Builder::SetStatus(const ObjectKey& key, StatusPtr status) {
  const StatusPtr* found = state_->statuses.Find(key);
  statuses_before_.try_emplace(key, found == nullptr ? nullptr : *found);
  if (status == nullptr) {
    state_->statuses.Erase(key);
  } else if (found == nullptr || !SameStatus(*found, status)) {
    state_->statuses.Set(key, std::move(status));
  }
}

void Builder::SetUses(const RouteOutput& before, const RouteOutput& after) {
  if (before.uses == after.uses) return;
  for (const auto& [cluster, gateway] : after.uses) AddUse(cluster, gateway, +1);
  for (const auto& [cluster, gateway] : before.uses) AddUse(cluster, gateway, -1);
}

void Builder::AddUse(const std::string& cluster, const std::string& gateway, int change) {
  const auto* found = state_->cluster_users.Find(cluster);
  std::vector<std::pair<std::string, uint32_t>> users;
  if (found != nullptr) users = *found;
  auto user =
      std::lower_bound(users.begin(), users.end(), gateway,
                       [](const std::pair<std::string, uint32_t>& a, const std::string& b) { return a.first < b; });
  bool known = user != users.end() && user->first == gateway;
  if (!known) user = users.insert(user, {gateway, 0});
  user->second += static_cast<uint32_t>(change);
  bool gone = user->second == 0;
  if (gone) users.erase(user);
  if (!known || gone) dirty_.insert({UnitKind::kCluster, ObjectKey{"", "", "", cluster}});
  if (users.empty()) {
    state_->cluster_users.Erase(cluster);
  } else {
    state_->cluster_users.Set(cluster, std::move(users));
  }
}

void Builder::SetClaims(const RouteOutput& before, const RouteOutput& after) {
  auto order = [](const ClaimPtr& a, const ClaimPtr& b) { return a->Order() < b->Order(); };
  auto change = [&](const std::string& text, const ClaimPtr& claim, bool add) {
    const std::vector<ClaimPtr>* found = state_->claims.Find(text);
    std::vector<ClaimPtr> claims;
    if (found != nullptr) claims = *found;
    auto place = std::lower_bound(claims.begin(), claims.end(), claim, order);
    if (add) {
      claims.insert(place, claim);
    } else if (place != claims.end() && (*place)->Order() == claim->Order()) {
      claims.erase(place);
    }
    dirty_claims_.insert(text);
    if (claims.empty()) {
      state_->claims.Erase(text);
    } else {
      state_->claims.Set(text, std::move(claims));
    }
  };
  for (const auto& [text, claim] : before.claims) change(text, claim, false);
  for (const auto& [text, claim] : after.claims) change(text, claim, true);
}

void Builder::SetAttached(const RouteOutput& before, const RouteOutput& after) {
  auto change = [&](const Attachment& attachment, int32_t by) {
    std::string name = NamespacedName(attachment.gateway) + "/" + attachment.listener;
    const int32_t* found = state_->attached.Find(name);
    int32_t count = (found == nullptr ? 0 : *found) + by;
    dirty_gateway_status_.insert(attachment.gateway);
    if (count == 0) {
      state_->attached.Erase(name);
    } else {
      state_->attached.Set(name, count);
    }
  };
  for (const Attachment& attachment : before.attachments) change(attachment, -1);
  for (const Attachment& attachment : after.attachments) change(attachment, +1);
}

}  // namespace penstock::translator
