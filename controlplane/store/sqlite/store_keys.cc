#include "controlplane/store/sqlite/store_keys.h"

#include <string>
#include <utility>
#include <vector>

#include "controlplane/store/sqlite/sealing.h"
#include "controlplane/vault/key_file.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::store {
namespace {

std::string UsualFile(const SqliteOptions& options) { return options.state_dir + "/store.key"; }

std::string SealedValues(uint64_t count) { return count == 1 ? "1 value is" : StrCat(count, " values are"); }

// What to do without a key file, if that is not to make one.
absl::Status NoKeyFile(const std::string& path, const Census& census, const std::string& database) {
  if (census.empty()) {
    return absl::NotFoundError(StrCat("there is no key file ", path,
                                      ": make one with (umask 077; openssl rand -base64 "
                                      "32 > ",
                                      path, "), or mend --store-key-file"));
  }
  const auto& [id, count] = *census.begin();
  return absl::FailedPreconditionError(StrCat("in ", database, " ", SealedValues(count), " sealed with key ",
                                              vault::ToString(id), ", and there is no key file ", path,
                                              ": restore it, or start with the key file that was used "
                                              "(--store-key-file)"));
}

// The key may be in the file that was used before --store-key-file was.
bool IsInUsualFile(const vault::KeyId& id, const SqliteOptions& options) {
  absl::StatusOr<std::vector<vault::Key>> keys = vault::ReadKeyFile(UsualFile(options));
  return !options.key_file.empty() && keys.ok() && vault::Vault(*std::move(keys), "").Opens(id);
}

absl::Status CheckAllOpen(const vault::Vault& vault, const Census& census, const SqliteOptions& options,
                          const std::string& database) {
  for (const auto& [id, count] : census) {
    if (vault.Opens(id)) continue;
    const absl::Status missing =
        vault::MissingKey(id, StrCat("in ", database, " ", SealedValues(count)), vault.source());
    if (!IsInUsualFile(id, options)) return missing;
    return absl::FailedPreconditionError(StrCat(std::string(missing.message()), ". ", UsualFile(options),
                                                " has it: put its line below the first one of ", vault.source()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<vault::Vault> OpenVault(Database& database, const SqliteOptions& options, Sealing& sealing) {
  const bool usual = options.key_file.empty();
  const std::string path = usual ? UsualFile(options) : options.key_file;
  ASSIGN_OR_RETURN(const Census census, CountSealed(database));
  absl::StatusOr<std::vector<vault::Key>> keys = vault::ReadKeyFile(path);
  if (absl::IsNotFound(keys.status())) {
    if (!usual || !census.empty()) return NoKeyFile(path, census, database.path());
    RETURN_IF_ERROR(vault::MakeKeyFile(path));
    sealing.key_file_made = true;
    keys = vault::ReadKeyFile(path);
  }
  RETURN_IF_ERROR(keys.status());
  vault::Vault vault(*std::move(keys), path);
  RETURN_IF_ERROR(CheckAllOpen(vault, census, options, database.path()));
  sealing.key_file = path;
  sealing.key = vault::ToString(vault.seals_with());
  return vault;
}

}  // namespace penstock::store
