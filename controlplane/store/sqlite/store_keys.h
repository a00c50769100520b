// Which keys a store is opened with.
#pragma once

#include "absl/status/statusor.h"
#include "controlplane/store/sqlite/database.h"
#include "controlplane/store/sqlite/sqlite_store.h"
#include "controlplane/vault/vault.h"

namespace penstock::store {

// The keys of options.key_file, or of the usual file, which is made if nothing is sealed yet. Errors are those of
// vault::ReadKeyFile(), and kFailedPrecondition if a value is sealed with a key that is not there: it says how many
// are.
absl::StatusOr<vault::Vault> OpenVault(Database& database, const SqliteOptions& options, Sealing& sealing);

}  // namespace penstock::store
