// What of store.db is sealed, and under which names: the bytes of Secrets in all their versions, the keys of session
// tickets, and the digests of generations, which would tell whether a guess at a password is right.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/store/sqlite/database.h"
#include "controlplane/store/sqlite/sqlite_store.h"
#include "controlplane/vault/vault.h"

namespace penstock::store {

// The tables that hold sealed values, as their names begin.
inline constexpr std::string_view kVersionsTable = "versions";
inline constexpr std::string_view kRolloutTable = "rollout";
inline constexpr std::string_view kGenerationsTable = "generations";

// The name that a value is sealed under: its table and what identifies its ROW, so that it opens nowhere else, not even
// as another version of the same Secret.
std::string SealName(std::string_view table, std::span<const std::string> row);

// How many values are sealed with each key.
using Census = std::map<vault::KeyId, uint64_t>;
absl::StatusOr<Census> CountSealed(Database& database);

// Seals what is not sealed with the first key, in one transaction: everything in a store of schema 1, what is sealed
// with other keys afterwards. Then it rewrites the file and empties its journal, so that nothing of what stood there
// before is left in them. After a crash in between it does that at the next start. REQUIRES: no statement is open.
absl::Status SealAll(Database& database, const vault::Vault& vault, Sealing& sealing);

}  // namespace penstock::store
