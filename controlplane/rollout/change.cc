#include "controlplane/rollout/change.h"

#include <set>
#include <utility>

#include "controlplane/translator/plan.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::rollout {
namespace {

using management::v1::ObjectChange;
using manifests::Object;
using manifests::ObjectKey;
using manifests::ObjectPtr;

void Describe(const ObjectKey& key, const Object* before, const Object* after, Difference& difference) {
  ObjectChange* change = difference.plan.add_changes();
  change->set_op(before == nullptr  ? ObjectChange::CREATE
                 : after == nullptr ? ObjectChange::DELETE
                                    : ObjectChange::UPDATE);
  change->mutable_object()->set_group(key.group);
  change->mutable_object()->set_kind(key.kind);
  change->mutable_object()->set_namespace_(key.ns);
  change->mutable_object()->set_name(key.name);
  for (std::string& line : translator::DescribeChange(before, after)) change->add_details(std::move(line));

  std::vector<std::string> was = translator::DescribeRoute(before);
  std::vector<std::string> is = translator::DescribeRoute(after);
  if (was == is) return;
  management::v1::RouteChange& route = difference.routes.emplace_back();
  route.set_route(key.ToString());
  for (std::string& line : was) route.add_before(std::move(line));
  for (std::string& line : is) route.add_after(std::move(line));
}

void Upsert(const Object* before, const ObjectPtr& object, Difference& difference) {
  if (before != nullptr && manifests::SameContents(*before, *object) && !object->has_errors()) return;
  Describe(object->key(), before, object.get(), difference);
  difference.changes.upserts.push_back(object);
}

void Remove(const ObjectPtr& object, Difference& difference) {
  Describe(object->key(), object.get(), nullptr, difference);
  difference.changes.removals.push_back(object->key());
}

absl::StatusOr<bool> IsPruned(const ApplyObjects& wish, const Object& object) {
  if (wish.prune_all) return true;
  if (wish.prune_selector.empty()) return false;
  return manifests::MatchesSelector(object, wish.prune_selector);
}

}  // namespace

absl::StatusOr<Difference> Differences(const translator::StatePtr& current, const ApplyObjects& wish) {
  Difference difference;
  std::set<ObjectKey> given;
  for (const ObjectPtr& object : wish.objects) {
    // A second object of the same key has its finding already.
    if (!given.insert(object->key()).second) continue;
    Upsert(translator::FindObject(current, object->key()).object.get(), object, difference);
  }
  if (!wish.prune_all && wish.prune_selector.empty()) return difference;
  for (const translator::Upsert& known : translator::AllObjects(current)) {
    if (given.contains(known.object->key())) continue;
    ASSIGN_OR_RETURN(const bool pruned, IsPruned(wish, *known.object));
    if (pruned) Remove(known.object, difference);
  }
  return difference;
}

absl::StatusOr<Difference> Differences(const translator::StatePtr& current, const DeleteObjects& wish) {
  Difference difference;
  const std::set<ObjectKey> named(wish.keys.begin(), wish.keys.end());
  for (const ObjectKey& key : named) {
    const ObjectPtr object = translator::FindObject(current, key).object;
    if (object == nullptr) return absl::NotFoundError(key.ToString() + " does not exist: nothing was deleted");
    Remove(object, difference);
  }
  if (wish.label_selector.empty()) return difference;
  for (const translator::Upsert& known : translator::AllObjects(current)) {
    if (named.contains(known.object->key())) continue;
    ASSIGN_OR_RETURN(const bool selected, manifests::MatchesSelector(*known.object, wish.label_selector));
    if (selected) Remove(known.object, difference);
  }
  if (difference.changes.empty()) {
    return absl::NotFoundError(StrCat("no object has the labels \"", wish.label_selector, "\": nothing was deleted"));
  }
  return difference;
}

Difference Differences(const ObjectMap& current, const ObjectMap& wanted) {
  Difference difference;
  for (const auto& [key, object] : wanted) {
    auto before = current.find(key);
    Upsert(before == current.end() ? nullptr : before->second.get(), object, difference);
  }
  for (const auto& [key, object] : current) {
    if (!wanted.contains(key)) Remove(object, difference);
  }
  return difference;
}

}  // namespace penstock::rollout
