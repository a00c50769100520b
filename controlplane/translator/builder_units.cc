// The units of one translation, each run with what it was before.
#include <algorithm>
#include <utility>

#include "controlplane/translator/builder.h"
#include "controlplane/translator/check_unit.h"
#include "controlplane/translator/cluster_unit.h"
#include "controlplane/translator/gateway_unit.h"
#include "controlplane/translator/outcome.h"
#include "controlplane/translator/route_unit.h"
#include "controlplane/translator/secret_unit.h"

namespace penstock::translator {
namespace {

// Was FINDING made before, as something that was accepted?
bool WasAccepted(const Finding& finding, const std::vector<Finding>& before) {
  return std::any_of(before.begin(), before.end(), [&](const Finding& old) {
    return old.severity() == Finding::WARNING && old.code() == finding.code() && old.object() == finding.object() &&
           old.path() == finding.path() && old.message() == finding.message();
  });
}

UnitKey ResourceUnit(UnitKind kind, const std::string& name) { return {kind, ObjectKey{"", "", "", name}}; }

// Who needs a resource: the Gateways, sorted. nullopt: nobody.
std::optional<std::vector<std::string>> GatewaysOf(const State::Users& users, const std::string& resource) {
  const auto* found = users.Find(resource);
  if (found == nullptr) return std::nullopt;
  std::vector<std::string> gateways;
  for (const auto& [gateway, units] : *found) gateways.push_back(gateway);
  return gateways;
}

// Keeps the output of a unit, or forgets it.
template <typename K, typename Output>
void Keep(PersistentMap<K, std::shared_ptr<const Output>>& map, const K& key, bool exists,
          std::shared_ptr<Output> output) {
  if (exists) {
    map.Set(key, std::move(output));
  } else {
    map.Erase(key);
  }
}

// The output of before; an empty one if there is none. Holds it while the map changes.
template <typename K, typename Output>
std::shared_ptr<const Output> Before(const PersistentMap<K, std::shared_ptr<const Output>>& map, const K& key) {
  const std::shared_ptr<const Output>* found = map.Find(key);
  return found == nullptr ? std::make_shared<const Output>() : *found;
}

}  // namespace

void Builder::RunGateway(const ObjectKey& key) {
  std::shared_ptr<const GatewayOutput> before = Before(state_->gateways, key);
  auto after = std::make_shared<GatewayOutput>();
  const Upsert* upsert = state_->objects.Find(key);
  if (upsert != nullptr) {
    Reader reader(*state_, options_.allow_unresolved);
    *after = TranslateGateway(*upsert, reader);
  }
  TakeOutput({UnitKind::kGateway, key}, *before, *after);
  SetResources(before->resources, after->resources);
  SetUses(UnitKind::kSecret, before->secrets, after->secrets);
  SetUses(UnitKind::kCluster, before->clusters, after->clusters);
  if (before->fingerprint != after->fingerprint) MarkChanged(GatewayDep(key));
  dirty_gateway_status_.insert(key);
  for (const ListenerSetOutput& set : before->listener_sets) dirty_set_status_.insert(set.key);
  Keep(state_->gateways, key, upsert != nullptr, std::move(after));
}

void Builder::RunRoute(const ObjectKey& key) {
  std::shared_ptr<const RouteOutput> before = Before(state_->routes, key);
  auto after = std::make_shared<RouteOutput>();
  const Upsert* upsert = state_->objects.Find(key);
  if (upsert != nullptr) {
    Reader reader(*state_, options_.allow_unresolved);
    *after = TranslateRoute(*upsert, reader);
  }
  TakeOutput({UnitKind::kRoute, key}, *before, *after);
  SetResources(before->resources, after->resources);
  SetUses(UnitKind::kCluster, before->clusters, after->clusters);
  SetUses(UnitKind::kSecret, before->secrets, after->secrets);
  SetClaims(*before, *after);
  dirty_outcomes_.insert(key);
  Keep(state_->routes, key, upsert != nullptr, std::move(after));
}

void Builder::RunOutcomes() {
  for (const ObjectKey& key : dirty_outcomes_) {
    std::shared_ptr<const RouteOutcome> before = Before(state_->outcomes, key);
    auto after = std::make_shared<RouteOutcome>();
    const Upsert* upsert = state_->objects.Find(key);
    const std::shared_ptr<const RouteOutput>* output = state_->routes.Find(key);
    bool exists = upsert != nullptr && output != nullptr;
    if (exists) *after = OutcomeOf(*upsert, **output, *state_);
    SetAttached(*before, *after);
    SetStatus(key, after->status);
    Keep(state_->outcomes, key, exists, std::move(after));
  }
}

void Builder::RunCluster(const std::string& cluster) {
  std::shared_ptr<const ClusterOutput> before = Before(state_->clusters, cluster);
  auto after = std::make_shared<ClusterOutput>();
  std::optional<std::vector<std::string>> gateways = GatewaysOf(state_->cluster_users, cluster);
  if (gateways.has_value()) {
    Reader reader(*state_, options_.allow_unresolved);
    *after = TranslateCluster(cluster, *gateways, reader);
  }
  TakeOutput(ResourceUnit(UnitKind::kCluster, cluster), *before, *after);
  SetResources(before->resources, after->resources);
  SetUses(UnitKind::kSecret, before->secrets, after->secrets);
  Keep(state_->clusters, cluster, gateways.has_value(), std::move(after));
}

void Builder::RunSecret(const std::string& secret) {
  std::shared_ptr<const SecretOutput> before = Before(state_->secrets, secret);
  auto after = std::make_shared<SecretOutput>();
  std::optional<std::vector<std::string>> gateways = GatewaysOf(state_->secret_users, secret);
  if (gateways.has_value()) {
    Reader reader(*state_, options_.allow_unresolved);
    *after = TranslateSecret(secret, *gateways, options_.now, reader);
  }
  TakeOutput(ResourceUnit(UnitKind::kSecret, secret), *before, *after);
  SetResources(before->resources, after->resources);
  Keep(state_->secrets, secret, gateways.has_value(), std::move(after));
}

void Builder::RunCheck(const ObjectKey& key) {
  std::shared_ptr<const CheckOutput> before = Before(state_->checks, key);
  auto after = std::make_shared<CheckOutput>();
  const Upsert* upsert = state_->objects.Find(key);
  if (upsert != nullptr) {
    Reader reader(*state_, options_.allow_unresolved);
    *after = CheckObject(*upsert, reader);
  }
  TakeOutput({UnitKind::kCheck, key}, *before, *after);
  SetResources(before->resources, after->resources);
  if (key.kind == "ListenerSet") {
    dirty_set_status_.insert(key);
  } else {
    SetStatus(key, after->status);
  }
  Keep(state_->checks, key, upsert != nullptr, std::move(after));
}

// What was accepted with --allow-unresolved is no fault of a change that neither writes nor breaks it.
void Builder::TakeOutput(const UnitKey& unit, const UnitOutput& before, UnitOutput& after) {
  for (Finding& finding : after.findings) {
    bool known = finding.severity() == Finding::ERROR && !changed_.contains(finding.object());
    if (known && WasAccepted(finding, before.findings)) finding.set_severity(Finding::WARNING);
    findings_.push_back(finding);
  }
  SetReads(unit, before.reads, after.reads);
}

}  // namespace penstock::translator
