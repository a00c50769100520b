#include "controlplane/xds/group_log.h"

#include <algorithm>
#include <utility>

namespace penstock::xds_server {

void GroupLog::Append(const rollout::Publication& publication) {
  Entry entry{.id = publication.id, .changes = {}, .generation = publication.generation};
  for (const ResourcePtr& resource : publication.upserts) {
    ResourcePtr& current = state_[ResourceId{resource->type_url, resource->name}];
    entry.changes[{resource->type_url, resource->name}] = {.before = current, .after = resource};
    current = resource;
  }
  for (const ResourceId& id : publication.removals) {
    auto found = state_.find(id);
    if (found == state_.end()) continue;
    entry.changes[id] = {.before = found->second, .after = nullptr};
    state_.erase(found);
  }
  // The first entry is a change to nothing; nobody can come from before it, so its changes would only hold memory.
  if (ring_.empty()) entry.changes.clear();
  ring_.push_back(std::move(entry));
  if (ring_.size() > kRingSize) {
    ring_.pop_front();
    ring_.front().changes.clear();
  }
}

GenerationId GroupLog::AtMost(GenerationId wanted) const {
  auto after =
      std::upper_bound(ring_.begin(), ring_.end(), wanted, [](GenerationId id, const Entry& e) { return id < e.id; });
  return after == ring_.begin() ? GenerationId{} : std::prev(after)->id;
}

std::shared_ptr<const Transaction> GroupLog::Make(const Base& base, GenerationId target) {
  auto entry = FindEntry(target);
  if (entry == ring_.end()) return nullptr;
  if (const auto* held = std::get_if<HeldVersions>(&base)) return FromVersions(*held, entry);
  return BetweenGenerations(std::get<GenerationId>(base), entry);
}

GroupLog::Entries::const_iterator GroupLog::FindEntry(GenerationId id) const {
  auto found = std::lower_bound(ring_.begin(), ring_.end(), id,
                                [](const Entry& e, GenerationId wanted) { return e.id < wanted; });
  return found != ring_.end() && found->id == id ? found : ring_.end();
}

std::shared_ptr<const Transaction> GroupLog::FindCached(GenerationId from, GenerationId target) const {
  for (const Cached& cached : cache_) {
    if (cached.from == from && cached.transaction->id == target) return cached.transaction;
  }
  return nullptr;
}

void GroupLog::Cache(GenerationId from, std::shared_ptr<const Transaction> transaction) {
  cache_.push_back({.from = from, .transaction = std::move(transaction)});
  if (cache_.size() > kCachedTransactions) cache_.pop_front();
}

std::shared_ptr<const Transaction> GroupLog::BetweenGenerations(GenerationId from, Entries::const_iterator target) {
  if (auto cached = FindCached(from, target->id)) return cached;
  auto base = FindEntry(from);
  if (base == ring_.end() || base > target) return nullptr;

  // Of each resource the first state before and the last one after.
  std::map<ResourceId, Change> merged;
  for (auto entry = std::next(base); entry <= target && entry != ring_.end(); ++entry) {
    for (const auto& [id, change] : entry->changes) {
      auto [slot, fresh] = merged.try_emplace(id, change);
      if (!fresh) slot->second.after = change.after;
    }
  }
  std::vector<ResourcePtr> upserts;
  std::vector<ResourceId> removals;
  for (const auto& [id, change] : merged) {
    const bool same =
        change.before != nullptr && change.after != nullptr && change.before->version == change.after->version;
    if (same) continue;
    if (change.after != nullptr)
      upserts.push_back(change.after);
    else if (change.before != nullptr)
      removals.push_back(id);
  }
  auto transaction = Serialize(target->id, upserts, removals, target->generation, identifier_);
  Cache(from, transaction);
  return transaction;
}

std::shared_ptr<const Transaction> GroupLog::FromVersions(const HeldVersions& held, Entries::const_iterator target) {
  constexpr GenerationId kNothing;
  if (held.empty()) {
    if (auto cached = FindCached(kNothing, target->id)) return cached;
  }
  // The state of an older generation is the newest one with the later changes undone.
  std::map<ResourceId, ResourcePtr> older;
  const std::map<ResourceId, ResourcePtr>* state = &state_;
  if (std::next(target) != ring_.end()) {
    older = state_;
    for (auto entry = std::prev(ring_.end()); entry > target; --entry) {
      for (const auto& [id, change] : entry->changes) {
        if (change.before != nullptr)
          older[id] = change.before;
        else
          older.erase(id);
      }
    }
    state = &older;
  }
  std::vector<ResourcePtr> upserts;
  std::vector<ResourceId> removals;
  for (const auto& [id, resource] : *state) {
    auto has = held.find(id);
    if (has == held.end() || has->second != resource->version) upserts.push_back(resource);
  }
  for (const auto& [id, version] : held) {
    if (!state->contains(id)) removals.push_back(id);
  }
  auto transaction = Serialize(target->id, upserts, removals, target->generation, identifier_);
  if (held.empty()) Cache(kNothing, transaction);
  return transaction;
}

}  // namespace penstock::xds_server
