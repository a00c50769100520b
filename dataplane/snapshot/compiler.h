#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/snapshot/compile.h"
#include "dataplane/snapshot/problem_sink.h"
#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {

// One run of Compile: a copy of the previous state that takes the changes, and the problems that they have.
class Compiler {
 public:
  Compiler(const Snapshot* previous, const CompileOptions& options);

  void Apply(const std::vector<Resource>& upserts, const std::vector<ResourceName>& removals);
  // Only Endpoints, of which an older epoch changes nothing.
  void ApplyEndpoints(const std::vector<Resource>& upserts, const std::vector<ResourceName>& removals);
  // What can only be said when everything is in place.
  void CheckReferences();
  void BuildBindGroups();
  void SealRouters();
  void CheckGeneration(const xds::v1::Generation& generation);

  CompileOutcome Finish();

 private:
  using Name = std::pair<std::string, std::string>;  // type_url, name

  void CheckNames(const std::vector<Resource>& upserts, const std::vector<ResourceName>& removals);
  void Upsert(const Resource& resource);
  void Remove(const ResourceName& name);
  template <typename Message, typename T>
  void UpsertAs(const Resource& resource, Shared<T> (*compile)(const Message&, ProblemSink&));
  template <typename T>
  void Put(Shared<T> value, std::string_view version);
  template <typename T>
  void Take(std::string_view name);

  // The effects of a record's coming and going on what is derived from it.
  void Attach(const CompiledRoute& route);
  void Detach(const CompiledRoute& route);
  template <typename T>
  void Link(const T& record);
  template <typename T>
  void Unlink(const T& record);
  void Mention(std::string_view type_url, std::string_view name, int by);

  bool Exists(std::string_view type_url, std::string_view name) const;
  template <typename T>
  void CheckChanged(const std::set<std::string>& names);
  template <typename T>
  void CheckReferencesOf(const T& record, std::string_view version);
  void NameUsers(const Name& gone);
  void AddToGroup(BindGroup& group, const CompiledListener& listener);

  std::unique_ptr<SnapshotState> state_;
  ProblemSink problems_;
  std::set<Name> failed_;  // whose absence is told already
  std::set<Name> removed_;
  std::set<std::string> changed_routes_;
  std::set<std::string> changed_listeners_;
  std::set<std::string> changed_clusters_;
  std::set<std::string> changed_chains_;
  std::set<std::string> touched_routers_;
  bool binds_changed_ = false;
};

}  // namespace penstock::snapshot
