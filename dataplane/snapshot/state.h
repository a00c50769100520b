#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/router/persistent_set.h"
#include "dataplane/snapshot/address_list.h"
#include "dataplane/snapshot/bind_group.h"
#include "dataplane/snapshot/credential.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/revocation.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

inline std::string_view NameOf(const EndpointSet& endpoints) { return endpoints.cluster; }
template <typename T>
std::string_view NameOf(const T& record) {
  return record.name;
}

// A live resource in the tables of a snapshot, which share it.
template <typename T>
struct Record : router::Counted {
  Record(Shared<T> v, std::string_view ver) : value(std::move(v)), version(ver) {}
  std::string_view key() const { return NameOf(*value); }
  static Record* Clone(const Record& from) { return new Record(from); }
  static void Destroy(Record* record) { delete record; }

  Shared<T> value;
  std::string version;
};

// The routes attached to one listener; lives as long as a route names it.
struct Attached : router::Counted {
  Attached(std::string_view name, uint64_t seed) : listener(name), router(seed) {}
  std::string_view key() const { return listener; }
  static Attached* Clone(const Attached& from) { return new Attached(from); }
  static void Destroy(Attached* attached) { delete attached; }

  std::string listener;
  router::Router router;
};

// How many mentions of a resource there are, so that taking it away costs no look at all routes.
struct Mentions : router::Counted {
  explicit Mentions(std::string_view t) : target(t) {}
  std::string_view key() const { return target; }
  static Mentions* Clone(const Mentions& from) { return new Mentions(from); }
  static void Destroy(Mentions* mentions) { delete mentions; }

  std::string target;  // MentionKey
  uint32_t count = 0;
};

template <typename T>
using Table = router::PersistentSet<Record<T>>;

struct BindGroups {
  std::vector<BindKey> keys;                       // sorted
  std::vector<std::unique_ptr<BindGroup>> groups;  // in the order of keys
};

// What a Snapshot is made of. A copy shares everything.
struct SnapshotState {
  uint64_t seed = 0;
  GenerationId id;
  uint64_t hash = 0;
  std::map<std::string, uint32_t> counts;
  uint64_t endpoints_epoch = 0;
  uint64_t upgrading_rules = 0;  // that let requests switch to another protocol

  Table<CompiledListener> listeners;
  Table<CompiledRoute> routes;
  Table<CompiledCluster> clusters;
  Table<EndpointSet> endpoints;
  Table<CompiledPolicyChain> chains;
  Table<CompiledSecret> secrets;
  Table<CompiledRevocation> revocations;
  Table<CompiledCredential> credentials;
  Table<CompiledAddressList> address_lists;

  router::PersistentSet<Attached> attached;  // by listener
  router::PersistentSet<Mentions> mentions;
  std::optional<RevocationIndex> revoked;  // set once the seed is known; so is the next
  std::optional<CredentialIndex> consumers;
  std::shared_ptr<const BindGroups> binds = std::make_shared<BindGroups>();

  // The table of T.
  template <typename T>
  static constexpr auto TableOf();
};

template <typename T>
constexpr auto SnapshotState::TableOf() {
  if constexpr (std::is_same_v<T, CompiledListener>) return &SnapshotState::listeners;
  if constexpr (std::is_same_v<T, CompiledRoute>) return &SnapshotState::routes;
  if constexpr (std::is_same_v<T, CompiledCluster>) return &SnapshotState::clusters;
  if constexpr (std::is_same_v<T, EndpointSet>) return &SnapshotState::endpoints;
  if constexpr (std::is_same_v<T, CompiledPolicyChain>) return &SnapshotState::chains;
  if constexpr (std::is_same_v<T, CompiledSecret>) return &SnapshotState::secrets;
  if constexpr (std::is_same_v<T, CompiledRevocation>) return &SnapshotState::revocations;
  if constexpr (std::is_same_v<T, CompiledCredential>) return &SnapshotState::credentials;
  if constexpr (std::is_same_v<T, CompiledAddressList>) return &SnapshotState::address_lists;
}

template <typename T>
constexpr std::string_view TypeUrlOf() {
  if constexpr (std::is_same_v<T, CompiledListener>) return kListenerType;
  if constexpr (std::is_same_v<T, CompiledRoute>) return kRouteType;
  if constexpr (std::is_same_v<T, CompiledCluster>) return kClusterType;
  if constexpr (std::is_same_v<T, EndpointSet>) return kEndpointsType;
  if constexpr (std::is_same_v<T, CompiledPolicyChain>) return kPolicyChainType;
  if constexpr (std::is_same_v<T, CompiledSecret>) return kSecretType;
  if constexpr (std::is_same_v<T, CompiledRevocation>) return kRevocationType;
  if constexpr (std::is_same_v<T, CompiledCredential>) return kCredentialType;
  if constexpr (std::is_same_v<T, CompiledAddressList>) return kAddressListType;
}

template <typename T>
const Shared<T>* FindIn(const SnapshotState& state, std::string_view name) {
  const Record<T>* record = (state.*SnapshotState::TableOf<T>()).Find(name, state.seed);
  return record == nullptr ? nullptr : &record->value;
}

}  // namespace penstock::snapshot
