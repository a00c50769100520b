// Rows of store.db to values and back; what is secret is sealed and opened on the way. Every function runs inside
// whatever transaction is open. kFailedPrecondition and kDataLoss: a value does not open, and what to do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/store/sqlite/database.h"
#include "controlplane/store/store.h"
#include "controlplane/vault/vault.h"

namespace penstock::store {

absl::Status InsertRecord(Database& database, const vault::Vault& vault, const GenerationRecord& record);
absl::Status InsertVersion(Database& database, const vault::Vault& vault, const ObjectWrite& write,
                           uint64_t generation);

// The column of a record's hash and request_digest.
std::string SealedDigests(const vault::Vault& vault, const GenerationRecord& record);

absl::Status UpdateResult(Database& database, uint64_t number, std::string_view result);
// An empty value erases the name.
absl::Status WriteRolloutState(Database& database, const vault::Vault& vault, std::string_view name,
                               std::string_view value);
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadRolloutState(Database& database,
                                                                                  const vault::Vault& vault);

// An empty record if there is none.
absl::StatusOr<GenerationRecord> ReadNewest(Database& database, const vault::Vault& vault);
absl::StatusOr<std::optional<GenerationRecord>> ReadGeneration(Database& database, const vault::Vault& vault,
                                                               uint64_t number);
absl::StatusOr<std::optional<GenerationRecord>> ReadRequest(Database& database, const vault::Vault& vault,
                                                            std::string_view request_id);
absl::StatusOr<std::vector<GenerationRecord>> ReadHistory(Database& database, const vault::Vault& vault, size_t limit,
                                                          const std::optional<ObjectKey>& key);
absl::StatusOr<std::vector<StoredObject>> ReadObjects(Database& database, const vault::Vault& vault, uint64_t number);

// Drops generations before `oldest_kept`, and versions that no kept generation can see.
absl::Status Prune(Database& database, uint64_t oldest_kept);

}  // namespace penstock::store
