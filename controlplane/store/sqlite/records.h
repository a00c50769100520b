// Rows of store.db to values and back. Every function runs inside whatever transaction is open.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/store/sqlite/database.h"
#include "controlplane/store/store.h"

namespace penstock::store {

absl::Status InsertRecord(Database& database, const GenerationRecord& record);
absl::Status InsertVersion(Database& database, const ObjectWrite& write, uint64_t generation);

absl::Status UpdateResult(Database& database, uint64_t number, std::string_view result);
// An empty value erases the name.
absl::Status WriteRolloutState(Database& database, std::string_view name, std::string_view value);

// An empty record if there is none.
absl::StatusOr<GenerationRecord> ReadNewest(Database& database);
absl::StatusOr<std::optional<GenerationRecord>> ReadGeneration(Database& database, uint64_t number);
absl::StatusOr<std::optional<GenerationRecord>> ReadRequest(Database& database, std::string_view request_id);
absl::StatusOr<std::vector<GenerationRecord>> ReadHistory(Database& database, size_t limit,
                                                          const std::optional<ObjectKey>& key);
absl::StatusOr<std::vector<StoredObject>> ReadObjects(Database& database, uint64_t number);

// Drops generations before `oldest_kept`, and versions that no kept generation can see.
absl::Status Prune(Database& database, uint64_t oldest_kept);

}  // namespace penstock::store
