#include "dataplane/snapshot/compile.h"

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/compile_resources.h"
#include "dataplane/snapshot/compiler.h"
#include "dataplane/snapshot/references.h"

namespace penstock::snapshot {

CompileOutcome Compile(const Snapshot* previous, const Delta& delta, const CompileOptions& options) {
  Compiler compiler(previous, options);
  compiler.Apply(delta.upserts, delta.removals);
  compiler.CheckReferences();
  compiler.BuildBindGroups();
  compiler.SealRouters();
  if (delta.generation.has_value()) compiler.CheckGeneration(*delta.generation);
  return compiler.Finish();
}

CompileOutcome ApplyEndpoints(const Snapshot& previous, const std::vector<Resource>& upserts,
                              const std::vector<ResourceName>& removals) {
  Compiler compiler(&previous, {});
  compiler.ApplyEndpoints(upserts, removals);
  return compiler.Finish();
}

Compiler::Compiler(const Snapshot* previous, const CompileOptions& options) {
  if (previous != nullptr) {
    state_ = std::make_unique<SnapshotState>(previous->state());
  } else {
    state_ = std::make_unique<SnapshotState>();
    state_->seed = options.hash_seed;
    state_->revoked.emplace(state_->seed);
    state_->consumers.emplace(state_->seed);
  }
}

void Compiler::Apply(const std::vector<Resource>& upserts, const std::vector<ResourceName>& removals) {
  state_->endpoints_epoch = 0;
  CheckNames(upserts, removals);
  for (const ResourceName& name : removals) Remove(name);
  for (const Resource& resource : upserts) Upsert(resource);
}

void Compiler::ApplyEndpoints(const std::vector<Resource>& upserts, const std::vector<ResourceName>& removals) {
  ++state_->endpoints_epoch;
  CheckNames(upserts, removals);
  for (const ResourceName& name : removals) {
    if (name.type_url == kEndpointsType) Take<EndpointSet>(name.name);
  }
  for (const Resource& resource : upserts) {
    problems_.Begin(resource.type_url, resource.name, resource.version);
    if (resource.type_url != kEndpointsType) {
      problems_.Add("E201", Field("type_url"), "only Endpoints change outside of a generation");
      continue;
    }
    xds::v1::Endpoints message;
    const Shared<EndpointSet>* known = FindIn<EndpointSet>(*state_, resource.name);
    bool older = known != nullptr && message.ParseFromString(resource.bytes) && message.epoch() < (*known)->epoch;
    if (!older) Upsert(resource);
  }
}

void Compiler::CheckNames(const std::vector<Resource>& upserts, const std::vector<ResourceName>& removals) {
  std::set<Name> names;
  for (const Resource& resource : upserts) {
    if (names.emplace(resource.type_url, resource.name).second) continue;
    problems_.Begin(resource.type_url, resource.name, resource.version);
    problems_.Add("E202", Field("name"), "two resources of this name in one transaction");
  }
  for (const ResourceName& name : removals) {
    if (names.count({name.type_url, name.name}) == 0) continue;
    problems_.Begin(name.type_url, name.name, "");
    problems_.Add("E202", Field("name"), "set and removed in one transaction");
  }
}

void Compiler::Upsert(const Resource& resource) {
  if (resource.type_url == kListenerType) return UpsertAs(resource, &CompileListener);
  if (resource.type_url == kRouteType) return UpsertAs(resource, &CompileRoute);
  if (resource.type_url == kClusterType) return UpsertAs(resource, &CompileCluster);
  if (resource.type_url == kEndpointsType) return UpsertAs(resource, &CompileEndpoints);
  if (resource.type_url == kPolicyChainType) return UpsertAs(resource, &CompilePolicyChain);
  if (resource.type_url == kSecretType) return UpsertAs(resource, &CompileSecret);
  if (resource.type_url == kRevocationType) return UpsertAs(resource, &CompileRevocation);
  if (resource.type_url == kCredentialType) return UpsertAs(resource, &CompileCredential);
  if (resource.type_url == kAddressListType) return UpsertAs(resource, &CompileAddressList);
  problems_.Begin(resource.type_url, resource.name, resource.version);
  problems_.Add("E201", Field("type_url"), StrCat("this build does not know the type ", resource.type_url));
}

template <typename Message, typename T>
void Compiler::UpsertAs(const Resource& resource, Shared<T> (*compile)(const Message&, ProblemSink&)) {
  problems_.Begin(resource.type_url, resource.name, resource.version);
  size_t before = problems_.count();
  Message message;
  if (!message.ParseFromString(resource.bytes)) {
    problems_.Add("E201", Field("bytes"), "the bytes are no message of this type");
  } else {
    Shared<T> value = compile(message, problems_);
    std::string_view name = NameOf(*value);
    if (name.empty() || name != resource.name) {
      problems_.Add("E201", Field("name"), StrCat("the message's name is \"", name, "\""));
    }
    if (problems_.count() == before) {
      Put(std::move(value), resource.version.empty() ? ResourceVersion(resource.type_url, resource.name, resource.bytes)
                                                     : resource.version);
      return;
    }
  }
  failed_.emplace(resource.type_url, resource.name);
}

void Compiler::Remove(const ResourceName& name) {
  if (name.type_url == kListenerType) return Take<CompiledListener>(name.name);
  if (name.type_url == kRouteType) return Take<CompiledRoute>(name.name);
  if (name.type_url == kClusterType) return Take<CompiledCluster>(name.name);
  if (name.type_url == kEndpointsType) return Take<EndpointSet>(name.name);
  if (name.type_url == kPolicyChainType) return Take<CompiledPolicyChain>(name.name);
  if (name.type_url == kSecretType) return Take<CompiledSecret>(name.name);
  if (name.type_url == kRevocationType) return Take<CompiledRevocation>(name.name);
  if (name.type_url == kCredentialType) return Take<CompiledCredential>(name.name);
  if (name.type_url == kAddressListType) return Take<CompiledAddressList>(name.name);
  problems_.Begin(name.type_url, name.name, "");
  problems_.Add("E201", Field("type_url"), StrCat("this build does not know the type ", name.type_url));
}

template <typename T>
void Compiler::Put(Shared<T> value, std::string_view version) {
  Take<T>(NameOf(*value));
  std::string_view type_url = TypeUrlOf<T>();
  if (CountsInGeneration(type_url)) {
    state_->hash += ResourceHash(type_url, NameOf(*value), version);
    ++state_->counts[std::string(type_url)];
  }
  Link(*value);
  if constexpr (std::is_same_v<T, CompiledCredential>) state_->consumers->Add(value);
  router::Ref<Record<T>> record(new Record<T>(std::move(value), version));
  ((*state_).*SnapshotState::TableOf<T>()).Insert(std::move(record), state_->seed);
}

template <typename T>
void Compiler::Take(std::string_view name) {
  auto& table = (*state_).*SnapshotState::TableOf<T>();
  const Record<T>* record = table.Find(name, state_->seed);
  if (record == nullptr) return;
  // The record lives on in the previous snapshot, if anywhere.
  Shared<T> value = record->value;
  std::string type_url(TypeUrlOf<T>());
  if (CountsInGeneration(type_url)) {
    state_->hash -= ResourceHash(type_url, name, record->version);
    if (--state_->counts[type_url] == 0) state_->counts.erase(type_url);
  }
  removed_.emplace(type_url, NameOf(*value));
  Unlink(*value);
  table.Erase(NameOf(*value), state_->seed);
}

static uint64_t UpgradingRules(const CompiledRoute& route) {
  auto upgrades = [](const CompiledRule& rule) {
    const auto* forward = std::get_if<Forward>(&rule.action);
    return forward != nullptr && !forward->upgrades.empty();
  };
  return static_cast<uint64_t>(std::count_if(route.rules.begin(), route.rules.end(), upgrades));
}

template <typename T>
static constexpr bool kMentionsOthers = std::is_same_v<T, CompiledRoute> || std::is_same_v<T, CompiledListener> ||
                                        std::is_same_v<T, CompiledCluster> || std::is_same_v<T, CompiledPolicyChain>;

template <typename T>
void Compiler::Link(const T& record) {
  if constexpr (std::is_same_v<T, CompiledListener>) {
    binds_changed_ = true;
    changed_listeners_.insert(record.name);
  }
  if constexpr (std::is_same_v<T, CompiledRoute>) {
    Attach(record);
    state_->upgrading_rules += UpgradingRules(record);
    changed_routes_.insert(record.name);
  }
  if constexpr (std::is_same_v<T, CompiledCluster>) changed_clusters_.insert(record.name);
  if constexpr (std::is_same_v<T, CompiledPolicyChain>) changed_chains_.insert(record.name);
  if constexpr (std::is_same_v<T, CompiledRevocation>) state_->revoked->Add(record);
  if constexpr (kMentionsOthers<T>) {
    ForEachReference(
        record, [this](std::string_view type_url, std::string_view name, const Field&) { Mention(type_url, name, 1); });
  }
}

template <typename T>
void Compiler::Unlink(const T& record) {
  if constexpr (std::is_same_v<T, CompiledListener>) {
    binds_changed_ = true;
    changed_listeners_.erase(record.name);
  }
  if constexpr (std::is_same_v<T, CompiledRoute>) {
    Detach(record);
    state_->upgrading_rules -= UpgradingRules(record);
    changed_routes_.erase(record.name);
  }
  if constexpr (std::is_same_v<T, CompiledCluster>) changed_clusters_.erase(record.name);
  if constexpr (std::is_same_v<T, CompiledPolicyChain>) changed_chains_.erase(record.name);
  if constexpr (std::is_same_v<T, CompiledRevocation>) state_->revoked->Remove(record);
  if constexpr (std::is_same_v<T, CompiledCredential>) state_->consumers->Remove(record);
  if constexpr (kMentionsOthers<T>) {
    ForEachReference(record, [this](std::string_view type_url, std::string_view name, const Field&) {
      Mention(type_url, name, -1);
    });
  }
}

void Compiler::Attach(const CompiledRoute& route) {
  for (const CompiledAttachment& attachment : route.attachments) {
    if (state_->attached.Find(attachment.listener, state_->seed) == nullptr) {
      router::Ref<Attached> attached(new Attached(attachment.listener, state_->seed));
      state_->attached.Insert(std::move(attached), state_->seed);
    }
    state_->attached.Edit(attachment.listener, state_->seed, [&](router::Ref<Attached>& attached) {
      router::Router& router = attached.Edit().router;
      for (const CompiledRule& rule : route.rules) {
        for (const router::Match& match : rule.matches) {
          for (const std::string& host : attachment.hostnames) router.Insert(host, match);
        }
      }
    });
    touched_routers_.insert(attachment.listener);
  }
}

void Compiler::Detach(const CompiledRoute& route) {
  for (const CompiledAttachment& attachment : route.attachments) {
    bool now_empty = false;
    state_->attached.Edit(attachment.listener, state_->seed, [&](router::Ref<Attached>& attached) {
      router::Router& router = attached.Edit().router;
      for (const CompiledRule& rule : route.rules) {
        for (const router::Match& match : rule.matches) {
          for (const std::string& host : attachment.hostnames) router.Erase(host, match);
        }
      }
      now_empty = router.empty();
    });
    if (now_empty) state_->attached.Erase(attachment.listener, state_->seed);
    touched_routers_.insert(attachment.listener);
  }
}

namespace {

std::string MentionKey(std::string_view type_url, std::string_view name) {
  return StrCat(type_url.substr(type_url.rfind('.') + 1), " ", name);
}

}  // namespace

void Compiler::Mention(std::string_view type_url, std::string_view name, int by) {
  std::string key = MentionKey(type_url, name);
  if (state_->mentions.Find(key, state_->seed) == nullptr) {
    state_->mentions.Insert(router::Ref<Mentions>(new Mentions(key)), state_->seed);
  }
  bool unused = false;
  state_->mentions.Edit(key, state_->seed, [&](router::Ref<Mentions>& mentions) {
    mentions.Edit().count += by;
    unused = mentions->count == 0;
  });
  if (unused) state_->mentions.Erase(key, state_->seed);
}

bool Compiler::Exists(std::string_view type_url, std::string_view name) const {
  if (failed_.count({std::string(type_url), std::string(name)}) != 0) return true;
  if (type_url == kListenerType) return FindIn<CompiledListener>(*state_, name) != nullptr;
  if (type_url == kClusterType) return FindIn<CompiledCluster>(*state_, name) != nullptr;
  if (type_url == kSecretType) return FindIn<CompiledSecret>(*state_, name) != nullptr;
  if (type_url == kAddressListType) return FindIn<CompiledAddressList>(*state_, name) != nullptr;
  return FindIn<CompiledPolicyChain>(*state_, name) != nullptr;
}

namespace {

std::string_view KindOf(std::string_view type_url) { return type_url.substr(type_url.rfind('.') + 1); }

}  // namespace

template <typename T>
void Compiler::CheckReferencesOf(const T& record, std::string_view version) {
  problems_.Begin(TypeUrlOf<T>(), NameOf(record), version);
  ForEachReference(record, [this](std::string_view type_url, std::string_view name, const Field& field) {
    if (Exists(type_url, name)) return;
    problems_.Add("E203", field, StrCat(KindOf(type_url), " \"", name, "\" does not exist"),
                  removed_.count({std::string(type_url), std::string(name)}) != 0
                      ? "the same transaction removes it"
                      : "send it in the same transaction or before");
  });
}

template <typename T>
void Compiler::CheckChanged(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    const Record<T>* record = ((*state_).*SnapshotState::TableOf<T>()).Find(name, state_->seed);
    CheckReferencesOf(*record->value, record->version);
  }
}

void Compiler::CheckReferences() {
  CheckChanged<CompiledRoute>(changed_routes_);
  CheckChanged<CompiledListener>(changed_listeners_);
  CheckChanged<CompiledCluster>(changed_clusters_);
  CheckChanged<CompiledPolicyChain>(changed_chains_);
  for (const Name& gone : removed_) {
    bool referable = gone.first == kListenerType || gone.first == kClusterType || gone.first == kPolicyChainType ||
                     gone.first == kSecretType || gone.first == kAddressListType;
    if (!referable || Exists(gone.first, gone.second)) continue;
    if (state_->mentions.Find(MentionKey(gone.first, gone.second), state_->seed) != nullptr) NameUsers(gone);
  }
}

// What did not change but still mentions what is gone. Looks at everything: only on the way to a refusal.
void Compiler::NameUsers(const Name& gone) {
  auto check = [&](const auto& record, const std::set<std::string>& changed) {
    using T = std::remove_cvref_t<decltype(*record.value)>;
    if (changed.count(std::string(record.key())) != 0) return;
    // What it was to become is refused already: what it was says nothing.
    if (failed_.count({std::string(TypeUrlOf<T>()), std::string(record.key())}) != 0) return;
    bool uses = false;
    ForEachReference(*record.value, [&](std::string_view type_url, std::string_view name, const Field&) {
      uses = uses || (type_url == gone.first && name == gone.second);
    });
    if (uses) CheckReferencesOf<T>(*record.value, record.version);
  };
  auto route = [&](const Record<CompiledRoute>& record) { check(record, changed_routes_); };
  auto listener = [&](const Record<CompiledListener>& record) { check(record, changed_listeners_); };
  auto cluster = [&](const Record<CompiledCluster>& record) { check(record, changed_clusters_); };
  auto chain = [&](const Record<CompiledPolicyChain>& record) { check(record, changed_chains_); };
  state_->routes.ForEach(route);
  state_->listeners.ForEach(listener);
  state_->clusters.ForEach(cluster);
  state_->chains.ForEach(chain);
}

namespace {

// HTTPS and TLS are told apart by the handshake's server name.
ListenerProtocol GroupProtocol(ListenerProtocol protocol) {
  return protocol == ListenerProtocol::kTls ? ListenerProtocol::kHttps : protocol;
}

std::string PlaceText(const BindKey& key) {
  if (key.is_unix()) return StrCat(key.address, " (where ports tell nothing apart)");
  return StrCat(key.address.empty() ? "the default address" : key.address, " port ", key.port);
}

}  // namespace

void Compiler::AddToGroup(BindGroup& group, const CompiledListener& listener) {
  problems_.Begin(kListenerType, listener.name, "");
  if (group.protocol() != GroupProtocol(listener.protocol)) {
    problems_.Add(
        "E212", Field("protocol"),
        StrCat("another listener speaks another protocol on ", PlaceText(group.key()), ": ", group.least_specific()),
        "give one of them another port or address; only HTTPS and TLS can share one");
    return;
  }
  if (group.Add(listener)) return;
  problems_.Add("E207", Field("hostname"),
                StrCat("another listener serves host \"", listener.hostname, "\" on ", PlaceText(group.key()), ": ",
                       listener.hostname.empty() ? *group.Find("") : *group.Find(listener.hostname)),
                "give one of them another host name, port or address");
}

void Compiler::BuildBindGroups() {
  if (!binds_changed_) return;
  std::map<BindKey, std::map<std::string, const CompiledListener*>> by_key;  // by name: reports do not depend on order
  auto each = [&by_key](const Record<CompiledListener>& record) {
    const CompiledListener& listener = *record.value;
    for (const std::string& address : listener.addresses) {
      by_key[BindKey::Of(listener, address)].emplace(listener.name, &listener);
    }
  };
  state_->listeners.ForEach(each);
  auto binds = std::make_shared<BindGroups>();
  for (const auto& [key, listeners] : by_key) {
    auto group = std::make_unique<BindGroup>(key, GroupProtocol(listeners.begin()->second->protocol));
    for (const auto& [name, listener] : listeners) AddToGroup(*group, *listener);
    binds->keys.push_back(key);
    binds->groups.push_back(std::move(group));
  }
  state_->binds = std::move(binds);
}

void Compiler::SealRouters() {
  for (const std::string& listener : touched_routers_) {
    state_->attached.Edit(listener, state_->seed,
                          [](router::Ref<Attached>& attached) { attached.Edit().router.Seal(); });
  }
}

void Compiler::CheckGeneration(const xds::v1::Generation& generation) {
  problems_.Begin(kGenerationType, "generation", "");
  GenerationId id{generation.epoch(), generation.number()};
  if (id < state_->id) {
    problems_.Add(
        "E209", Field("number"),
        StrCat("generation ", id.epoch, ".", id.number, " is older than ", state_->id.epoch, ".", state_->id.number),
        "a rollback is a new generation with the old content");
  }
  state_->id = id;
  // With other problems the sums cannot agree; saying so would only hide them.
  if (problems_.count() > 0) return;
  if (generation.hash() != state_->hash) {
    problems_.Add("E209", Field("hash"), "the hash of the resources differs: something is missing or was not removed",
                  "send everything again");
  }
  std::map<std::string, uint32_t> counts(generation.counts().begin(), generation.counts().end());
  std::erase_if(counts, [](const auto& entry) { return entry.second == 0 || !CountsInGeneration(entry.first); });
  if (counts != state_->counts) {
    problems_.Add("E209", Field("counts"), "the numbers of resources differ", "send everything again");
  }
}

CompileOutcome Compiler::Finish() {
  CompileOutcome outcome;
  if (problems_.count() > 0) {
    outcome.problems = problems_.Take();
  } else {
    outcome.snapshot = std::shared_ptr<const Snapshot>(new Snapshot(std::move(state_)));
  }
  return outcome;
}

}  // namespace penstock::snapshot
