#include "controlplane/rollout/condition_times.h"

#include "dataplane/base/strings.h"

namespace penstock::rollout {
namespace {

using manifests::v1::Condition;
using manifests::v1::ObjectStatus;

constexpr std::string_view kPrefix = "conditions/";

std::string NameOf(const manifests::ObjectKey& key) {
  return StrCat(kPrefix, key.group, "/", key.kind, "/", key.ns, "/", key.name);
}

// The conditions of a status by what they are about: a listener, a parent, an ancestor or the object itself.
using Conditions = std::map<std::pair<std::string, std::string>, Condition*>;

template <typename List>
void Add(List& list, const std::string& about, Conditions& conditions) {
  for (Condition& condition : list) conditions[{about, condition.type()}] = &condition;
}

Conditions ConditionsOf(ObjectStatus& status) {
  Conditions conditions;
  if (status.has_gateway_class()) Add(*status.mutable_gateway_class()->mutable_conditions(), "", conditions);
  auto add_listeners = [&](auto& list) {
    for (auto& listener : list) Add(*listener.mutable_conditions(), "listener " + listener.name(), conditions);
  };
  if (status.has_gateway()) {
    Add(*status.mutable_gateway()->mutable_conditions(), "", conditions);
    add_listeners(*status.mutable_gateway()->mutable_listeners());
  }
  if (status.has_listener_set()) {
    Add(*status.mutable_listener_set()->mutable_conditions(), "", conditions);
    add_listeners(*status.mutable_listener_set()->mutable_listeners());
  }
  if (status.has_route()) {
    for (auto& parent : *status.mutable_route()->mutable_parents()) {
      Add(*parent.mutable_conditions(), parent.parent_ref().SerializeAsString(), conditions);
    }
  }
  if (status.has_policy()) {
    for (auto& ancestor : *status.mutable_policy()->mutable_ancestors()) {
      Add(*ancestor.mutable_conditions(), ancestor.ancestor_ref().SerializeAsString(), conditions);
    }
  }
  return conditions;
}

// Without what needs no keeping.
std::string Serialize(ObjectStatus status) {
  auto clear_listeners = [](auto& list) {
    for (auto& listener : list) {
      listener.clear_supported_kinds();
      listener.clear_attached_routes();
    }
  };
  if (status.has_gateway()) {
    status.mutable_gateway()->clear_addresses();
    status.mutable_gateway()->clear_attached_listener_sets();
    clear_listeners(*status.mutable_gateway()->mutable_listeners());
  }
  if (status.has_listener_set()) clear_listeners(*status.mutable_listener_set()->mutable_listeners());
  for (auto& [about, condition] : ConditionsOf(status)) {
    condition->clear_observed_generation();
    condition->clear_reason();
    condition->clear_message();
  }
  return status.SerializeAsString();
}

void StampFrom(const std::string& kept, absl::Time otherwise, ObjectStatus& status) {
  ObjectStatus before;
  before.ParseFromString(kept);
  const Conditions known = ConditionsOf(before);
  for (auto& [about, condition] : ConditionsOf(status)) {
    auto found = known.find(about);
    const bool same = found != known.end() && found->second->status() == condition->status();
    condition->set_last_transition_time(same ? found->second->last_transition_time() : ConditionTimes::Text(otherwise));
  }
}

}  // namespace

std::string ConditionTimes::Text(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

void ConditionTimes::Remember(std::string_view name, std::string_view value) {
  if (name.starts_with(kPrefix)) kept_.insert_or_assign(std::string(name), std::string(value));
}

ConditionTimes::Writes ConditionTimes::Changes(const std::vector<translator::StatusChange>& statuses,
                                               absl::Time now) const {
  Writes writes;
  for (const translator::StatusChange& change : statuses) {
    const std::string name = NameOf(change.object);
    auto kept = kept_.find(name);
    const std::string before = kept == kept_.end() ? "" : kept->second;
    std::string after;
    if (change.status != nullptr) {
      ObjectStatus status = *change.status;
      StampFrom(before, now, status);
      after = Serialize(std::move(status));
    }
    if (after != before) writes.emplace_back(name, std::move(after));
  }
  return writes;
}

void ConditionTimes::Adopt(const Writes& writes) {
  for (const auto& [name, value] : writes) {
    if (value.empty())
      kept_.erase(name);
    else
      kept_[name] = value;
  }
}

void ConditionTimes::Stamp(const manifests::ObjectKey& key, absl::Time otherwise, ObjectStatus& status) const {
  auto kept = kept_.find(NameOf(key));
  StampFrom(kept == kept_.end() ? "" : kept->second, otherwise, status);
}

}  // namespace penstock::rollout
