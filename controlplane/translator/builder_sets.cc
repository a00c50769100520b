// What the outputs of units change in the state.
#include <algorithm>
#include <iterator>
#include <utility>

#include "controlplane/translator/builder.h"

namespace penstock::translator {

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

void Builder::SetUses(UnitKind kind, const Uses& before, const Uses& after) {
  if (before == after) return;
  for (const auto& [resource, gateway] : after) AddUse(kind, resource, gateway, +1);
  for (const auto& [resource, gateway] : before) AddUse(kind, resource, gateway, -1);
}

void Builder::AddUse(UnitKind kind, const std::string& resource, const std::string& gateway, int change) {
  State::Users& all = kind == UnitKind::kSecret ? state_->secret_users : state_->cluster_users;
  const auto* found = all.Find(resource);
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
  if (!known || gone) dirty_.insert({kind, ObjectKey{"", "", "", resource}});
  if (users.empty()) {
    all.Erase(resource);
  } else {
    all.Set(resource, std::move(users));
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
    // Who has a place decides what becomes of the others.
    if (!claim->place.empty()) {
      for (const ClaimPtr& other : claims) dirty_outcomes_.insert(other->route);
    }
    if (claims.empty()) {
      state_->claims.Erase(text);
    } else {
      state_->claims.Set(text, std::move(claims));
    }
  };
  for (const auto& [text, claim] : before.claims) change(text, claim, false);
  for (const auto& [text, claim] : after.claims) change(text, claim, true);
}

void Builder::SetAttached(const RouteOutcome& before, const RouteOutcome& after) {
  auto change = [&](const Attachment& attachment, int32_t by) {
    std::string name = attachment.ResourceName();
    const int32_t* found = state_->attached.Find(name);
    int32_t count = (found == nullptr ? 0 : *found) + by;
    dirty_gateway_status_.insert(attachment.gateway);
    if (count == 0) {
      state_->attached.Erase(name);
    } else {
      state_->attached.Set(name, count);
    }
  };
  for (const Attachment& attachment : before.attached) change(attachment, -1);
  for (const Attachment& attachment : after.attached) change(attachment, +1);
}

}  // namespace penstock::translator
