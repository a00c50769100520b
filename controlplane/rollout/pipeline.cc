#include "controlplane/rollout/pipeline.h"

#include <algorithm>
#include <set>
#include <utility>

#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::rollout {
namespace {

using manifests::Finding;
using translator::GroupDelta;

// What the fields around a resource add on the wire, about.
constexpr size_t kResourceOverheadBytes = 24;

snapshot::Delta ToSnapshotDelta(const GroupDelta& delta) {
  snapshot::Delta result;
  for (const ResourcePtr& resource : delta.upserts) {
    result.upserts.push_back({.type_url = resource->type_url,
                              .name = resource->name,
                              .version = resource->version,
                              .bytes = resource->bytes});
  }
  for (const ResourceId& id : delta.removals) result.removals.push_back({.type_url = id.type_url, .name = id.name});
  return result;
}

uint64_t WireBytes(const GroupDelta& delta) {
  uint64_t bytes = 0;
  for (const ResourcePtr& resource : delta.upserts) {
    bytes += resource->type_url.size() + resource->name.size() + resource->version.size() + resource->bytes.size() +
             kResourceOverheadBytes;
  }
  for (const ResourceId& id : delta.removals) bytes += id.name.size() + 2;
  return bytes;
}

// Where a stored object was written is of no use to anybody: that file is another one now, or somebody else's.
void ForgetPlacesOfOthers(const manifests::ChangeSet& changes, std::vector<Finding>& findings) {
  std::set<std::string> written;
  for (const manifests::ObjectPtr& object : changes.upserts) written.insert(object->key().ToString());
  for (Finding& finding : findings) {
    if (finding.object().empty() || written.contains(finding.object())) continue;
    finding.clear_file();
    finding.clear_line();
    finding.clear_column();
    finding.clear_length();
  }
}

// Compiles and gives the result its commit record. Problems: snapshot stays nullptr.
struct Compiled {
  SnapshotPtr snapshot;
  xds::v1::Generation generation;
  std::vector<snapshot::ResourceProblem> problems;
};

Compiled CompileGeneration(const snapshot::Snapshot* previous, const GroupDelta& delta, store::GenerationId id) {
  Compiled compiled;
  snapshot::CompileOutcome outcome = snapshot::Compile(previous, ToSnapshotDelta(delta));
  if (!outcome.ok()) {
    compiled.problems = std::move(outcome.problems);
    return compiled;
  }
  compiled.generation.set_epoch(id.epoch);
  compiled.generation.set_number(id.number);
  compiled.generation.set_hash(outcome.snapshot->hash());
  for (const auto& [type_url, count] : outcome.snapshot->counts())
    (*compiled.generation.mutable_counts())[type_url] = count;
  // Once more with the commit record, as the data plane does: it gives the snapshot its id, and it checks hash and
  // counts.
  snapshot::CompileOutcome sealed =
      snapshot::Compile(outcome.snapshot.get(), {.upserts = {}, .removals = {}, .generation = compiled.generation});
  compiled.snapshot = std::move(sealed.snapshot);
  compiled.problems = std::move(sealed.problems);
  return compiled;
}

absl::Status CannotServe(const std::string& key, const std::vector<snapshot::ResourceProblem>& problems) {
  std::string text = StrCat("group ", key, " cannot be served:");
  for (const snapshot::ResourceProblem& problem : problems) {
    text += StrCat(" ", problem.name(), ": ", problem.field_path(), ": ", problem.reason(), ";");
  }
  text.pop_back();
  return absl::FailedPreconditionError(text);
}

}  // namespace

void Pipeline::Load(store::GenerationId id, const std::vector<translator::Upsert>& objects) {
  groups_.clear();
  id_ = id;
  state_ = translator::Translate(nullptr, translator::Changes{.upserts = objects, .removals = {}},
                                 {.generation = id.number, .allow_unresolved = true})
               .state;
  for (const GroupSelector& selector : MissingClasses(state_)) {
    GroupDelta delta = DifferenceOf({}, translator::ResourcesOf(state_, selector));
    groups_[GroupKey(selector)] = {
        .selector = selector, .snapshot = CompileGeneration(nullptr, delta, id_).snapshot, .implied = true};
  }
}

Prepared Pipeline::Prepare(store::GenerationId id, const manifests::ChangeSet& changes, bool allow_unresolved,
                           absl::Time now) const {
  Prepared prepared;
  prepared.id = id;
  prepared.result = translator::Translate(state_, changes,
                                          {.generation = id.number, .allow_unresolved = allow_unresolved, .now = now});
  prepared.findings = prepared.result.findings;
  prepared.resources = static_cast<uint32_t>(prepared.result.upserts.size() + prepared.result.removals.size());
  if (!manifests::HasErrors(prepared.findings)) PrepareGroups(prepared);
  ForgetPlacesOfOthers(changes, prepared.findings);
  return prepared;
}

void Pipeline::PrepareGroups(Prepared& prepared) const {
  for (const auto& [key, group] : groups_) PrepareGroup(group, prepared);
  for (const GroupSelector& selector : MissingClasses(prepared.result.state)) {
    PrepareGroup({.selector = selector, .snapshot = nullptr, .implied = true}, prepared);
  }
}

void Pipeline::PrepareGroup(const Group& group, Prepared& prepared) const {
  GroupDelta delta = group.snapshot == nullptr
                         ? DifferenceOf({}, translator::ResourcesOf(prepared.result.state, group.selector))
                         : translator::DeltaOf(state_, prepared.result, group.selector);
  Compiled compiled = CompileGeneration(group.snapshot.get(), delta, prepared.id);
  for (const snapshot::ResourceProblem& problem : compiled.problems) {
    prepared.findings.push_back(translator::FindingOf(prepared.result.state, problem));
  }
  prepared.bytes_per_replica = std::max(prepared.bytes_per_replica, WireBytes(delta));
  if (prepared.groups.empty()) prepared.hash = compiled.generation.hash();
  prepared.groups.push_back({.selector = group.selector,
                             .implied = group.implied,
                             .publication = {.key = GroupKey(group.selector),
                                             .id = prepared.id,
                                             .upserts = std::move(delta.upserts),
                                             .removals = std::move(delta.removals),
                                             .generation = std::move(compiled.generation)},
                             .snapshot = std::move(compiled.snapshot)});
}

void Pipeline::Adopt(const Prepared& prepared) {
  id_ = prepared.id;
  state_ = prepared.result.state;
  for (const Prepared::Group& group : prepared.groups) {
    groups_[group.publication.key] = {.selector = group.selector, .snapshot = group.snapshot, .implied = group.implied};
  }
}

absl::StatusOr<Publication> Pipeline::AddGroup(const GroupSelector& selector) {
  const std::string key = GroupKey(selector);
  if (!groups_.contains(key) && groups_.size() >= kMaxGroups) {
    return absl::ResourceExhaustedError(StrCat("there are ", kMaxGroups, " groups of data planes already, so ", key,
                                               " is not served: use labels that replicas share"));
  }
  GroupDelta delta = DifferenceOf({}, translator::ResourcesOf(state_, selector));
  Compiled compiled = CompileGeneration(nullptr, delta, id_);
  if (compiled.snapshot == nullptr) return CannotServe(key, compiled.problems);
  // Who serves a class by labels need not be able to serve all of it at once.
  std::erase_if(groups_, [&](const auto& entry) {
    return entry.second.implied && entry.second.selector.gateway_class == selector.gateway_class;
  });
  groups_[key] = {.selector = selector, .snapshot = std::move(compiled.snapshot), .implied = false};
  return Publication{.key = key,
                     .id = id_,
                     .upserts = std::move(delta.upserts),
                     .removals = {},
                     .generation = std::move(compiled.generation)};
}

absl::StatusOr<Publication> Pipeline::PublicationOf(store::GenerationId id,
                                                    const std::vector<translator::Upsert>& objects,
                                                    const GroupSelector& selector) {
  Pipeline pipeline;
  pipeline.Load(id, objects);
  return pipeline.AddGroup(selector);
}

std::map<std::string, SnapshotPtr> Pipeline::snapshots() const {
  std::map<std::string, SnapshotPtr> snapshots;
  for (const auto& [key, group] : groups_) {
    if (group.snapshot != nullptr) snapshots[key] = group.snapshot;
  }
  return snapshots;
}

std::vector<GroupSelector> Pipeline::MissingClasses(const translator::StatePtr& state) const {
  std::set<std::string> served;
  for (const auto& [key, group] : groups_) served.insert(group.selector.gateway_class);
  std::vector<GroupSelector> missing;
  for (const auto& [name, gateway] : *translator::AllGateways(state)) {
    if (groups_.size() + missing.size() >= kMaxGroups) break;
    if (!served.insert(gateway.gateway_class).second) continue;
    missing.push_back({.gateway_class = gateway.gateway_class, .labels = {}});
  }
  return missing;
}

GroupDelta DifferenceOf(const std::vector<ResourcePtr>& from, const std::vector<ResourcePtr>& to) {
  std::map<ResourceId, const Resource*> before;
  for (const ResourcePtr& resource : from) before[{resource->type_url, resource->name}] = resource.get();
  GroupDelta delta;
  for (const ResourcePtr& resource : to) {
    auto known = before.extract(ResourceId{resource->type_url, resource->name});
    if (known.empty() || known.mapped()->version != resource->version) delta.upserts.push_back(resource);
  }
  for (const auto& [id, resource] : before) delta.removals.push_back(id);
  return delta;
}

}  // namespace penstock::rollout
