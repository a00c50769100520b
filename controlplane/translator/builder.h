// One translation: applies changes to a state and runs the units that they concern. Private to the translator.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"
#include "controlplane/translator/status.h"

namespace penstock::translator {

bool SameStatus(const StatusPtr& a, const StatusPtr& b);
bool SameResource(const ResourcePtr& a, const ResourcePtr& b);

// Used once: Apply, then Finish. Units run in an order in which nobody reads what is not there yet: Gateways, routes
// and what becomes of them, clusters, Secrets, checks, shadows, status of Gateways.
class Builder {
 public:
  Builder(StatePtr previous, const TranslateOptions& options);

  void Apply(const Changes& changes);
  Result Finish();

 private:
  using ResourceKey = std::pair<std::string, std::string>;  // type, name

  void Put(const Upsert& upsert);
  void Remove(const ObjectKey& key);
  void Reindex(const ObjectKey& key, const manifests::Object* before, const manifests::Object* after);
  void MarkChanged(const std::string& dep);
  void MarkUnit(const ObjectKey& key);

  void RunGateway(const ObjectKey& key);
  void RunRoute(const ObjectKey& key);
  void RunOutcomes();
  void RunCluster(const std::string& cluster);
  void RunSecret(const std::string& secret);
  void RunCheck(const ObjectKey& key);
  void RunShadows();
  void SetGatewayStatuses();
  void SetListenerSetStatuses();
  // The number of routes of each listener.
  std::vector<int32_t> AttachedTo(const GatewayOutput& gateway) const;
  void SetGatewayInfos();
  template <typename Run>
  void RunAll(UnitKind kind, Run run);

  // Takes the findings of a unit and what it read.
  void TakeOutput(const UnitKey& unit, const UnitOutput& before, UnitOutput& after);
  void SetReads(const UnitKey& unit, const std::vector<std::string>& before, const std::vector<std::string>& after);
  void SetResources(const std::vector<ResourcePtr>& before, const std::vector<ResourcePtr>& after);
  void SetStatus(const ObjectKey& key, StatusPtr status);
  // `kind` is that of the resources.
  void SetUses(UnitKind kind, const Uses& before, const Uses& after);
  void SetClaims(const RouteOutput& before, const RouteOutput& after);
  void SetAttached(const RouteOutcome& before, const RouteOutcome& after);
  void AddUse(UnitKind kind, const std::string& resource, const std::string& gateway, int change);

  StatePtr previous_;  // may be nullptr
  TranslateOptions options_;
  std::shared_ptr<State> state_;

  std::set<UnitKey> dirty_;
  std::set<std::string> dirty_claims_;
  std::set<ObjectKey> dirty_outcomes_;  // routes
  std::set<ObjectKey> dirty_gateway_status_;
  std::set<ObjectKey> dirty_set_status_;                 // ListenerSets
  std::map<ResourceKey, ResourcePtr> resources_before_;  // of those touched; nullptr: there was none
  std::map<ObjectKey, StatusPtr> statuses_before_;
  std::set<std::string> changed_;  // the objects that are not what they were, as findings call them
  std::vector<Finding> findings_;
};

}  // namespace penstock::translator
