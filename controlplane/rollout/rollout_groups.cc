// What the streams make necessary: groups to publish to, rejections and replicas to remember. Everything here but
// NoteReplicasSoon() runs on the apply thread.
#include <utility>

#include "controlplane/rollout/rollout.h"
#include "controlplane/rollout/stored_names.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::rollout {

void Rollout::AddGroup(const GroupSelector& selector) {
  const std::string key = GroupKey(selector);
  if (publisher_ == nullptr || subscribed_.contains(key)) return;
  absl::StatusOr<Publication> publication = CompileAndPublish(selector);
  const std::string problem(publication.status().message());
  OnFleet([&](Fleet& fleet) { fleet.SetProblem(key, problem); });
  if (!publication.ok()) {
    refused_groups_[key] = selector;
    log_.Error("rollout", "a group of data planes gets no configuration", {{"group", key}, {"error", problem}});
    return;
  }
  refused_groups_.erase(key);
  subscribed_.insert(key);
  const bool serves_nothing = publication->upserts.empty() && !translator::AllGateways(pipeline_.state())->empty();
  if (serves_nothing) {
    log_.Warn("rollout", "a group of data planes serves none of the Gateways: check --gateway-class and --labels",
              {{"group", key}});
  }
  MutexLock lock(&mutex_);
  counts_.groups = subscribed_.size();
}

absl::StatusOr<Publication> Rollout::CompileAndPublish(const GroupSelector& selector) {
  ASSIGN_OR_RETURN(Publication publication, pipeline_.AddGroup(selector));
  RETURN_IF_ERROR(PublishLastGood(selector, publication));
  return publication;
}

void Rollout::RetryRefusedGroups() {
  const std::map<std::string, GroupSelector> refused = refused_groups_;
  for (const auto& [key, selector] : refused) AddGroup(selector);
}

absl::Status Rollout::PublishLastGood(const GroupSelector& selector, const Publication& newest) {
  GenerationId good;
  {
    MutexLock lock(&mutex_);
    good = fleet_.IsRejected(newest.id) ? fleet_.NewestGood() : newest.id;
  }
  if (good == newest.id || good == GenerationId()) {
    // With nothing but rejected generations there is nothing to send; the newest one is held back by Target().
    publisher_->Publish(newest);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::vector<translator::Upsert> objects, LoadObjects(good.number));
  ASSIGN_OR_RETURN(Publication last_good, Pipeline::PublicationOf(good, objects, selector));
  Publication change = newest;
  translator::GroupDelta delta = DifferenceOf(last_good.upserts, newest.upserts);
  change.upserts = std::move(delta.upserts);
  change.removals = std::move(delta.removals);
  publisher_->Publish(last_good);
  publisher_->Publish(change);
  return absl::OkStatus();
}

void Rollout::NoteRejected(GenerationId id, const std::string& result) {
  const std::string name = StrCat(kRejectedPrefix, id.epoch, ".", id.number);
  std::string_view replica = result;
  if (constexpr std::string_view kBy = "rejected by "; replica.starts_with(kBy)) replica.remove_prefix(kBy.size());
  absl::Status noted = store_.PutRolloutState(name, replica);
  if (noted.ok()) noted = store_.SetResult(id.number, result);
  if (!noted.ok()) {
    log_.Error("rollout", "a rejection could not be stored and would be forgotten by a restart",
               {{"generation", store::ToString(id)}, {"error", std::string(noted.message())}});
  }
  if (id == newest_.id) newest_.result = result;
  if (publisher_ != nullptr) publisher_->TargetsChanged();
}

void Rollout::NoteReplicasSoon() {
  {
    MutexLock lock(&mutex_);
    if (std::exchange(noting_replicas_, true)) return;
  }
  if (thread_.Post([this] { NoteReplicas(); })) return;
  // Too busy, or stopping: the next one that comes or goes tries again, and the destructor notes them too.
  MutexLock lock(&mutex_);
  noting_replicas_ = false;
}

void Rollout::NoteReplicas() {
  std::string replicas;
  {
    MutexLock lock(&mutex_);
    noting_replicas_ = false;
    replicas = fleet_.Remembered(clock_()).SerializeAsString();
  }
  absl::Status noted = store_.PutRolloutState(kReplicas, replicas);
  if (!noted.ok()) {
    log_.Error("rollout", "the connected data planes could not be stored: after a restart they are not waited for",
               {{"error", std::string(noted.message())}});
  }
}

}  // namespace penstock::rollout
