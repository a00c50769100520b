#include "controlplane/store/sqlite/schema.h"

#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::store {
namespace {

// `versions` holds every state of every object; a row without bytes is a deletion. `digests` are hash and
// request_digest of the record. Which values are sealed: sealing.h.
constexpr char kTables[] = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE generations(
  number INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  time_us INTEGER NOT NULL,
  author TEXT NOT NULL,
  message TEXT NOT NULL,
  request_id TEXT NOT NULL,
  digests BLOB NOT NULL,
  resources_changed INTEGER NOT NULL,
  bytes_per_replica INTEGER NOT NULL,
  objects_changed INTEGER NOT NULL,
  plan BLOB NOT NULL,
  result TEXT NOT NULL
);
CREATE UNIQUE INDEX generations_by_request ON generations(request_id) WHERE request_id <> '';
CREATE TABLE versions(
  grp TEXT NOT NULL,
  kind TEXT NOT NULL,
  ns TEXT NOT NULL,
  name TEXT NOT NULL,
  generation INTEGER NOT NULL,
  first_generation INTEGER NOT NULL,
  bytes BLOB,
  PRIMARY KEY(grp, kind, ns, name, generation)
) WITHOUT ROWID;
CREATE TABLE rollout(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 2;
COMMIT;
)sql";
static_assert(kSchemaVersion == 2, "kTables ends with the version");

// Beside the versions, so that builds which know nothing of it go on with the same file.
constexpr char kOrigins[] = R"sql(
CREATE TABLE IF NOT EXISTS origins(
  grp TEXT NOT NULL,
  kind TEXT NOT NULL,
  ns TEXT NOT NULL,
  name TEXT NOT NULL,
  generation INTEGER NOT NULL,
  origin TEXT NOT NULL,
  PRIMARY KEY(grp, kind, ns, name, generation)
) WITHOUT ROWID;
)sql";

absl::Status CheckFile(Database& database, const std::string& path) {
  ASSIGN_OR_RETURN(std::string verdict, database.QueryText("PRAGMA quick_check(1)"));
  if (verdict == "ok") return absl::OkStatus();
  return SqliteStatus(SQLITE_CORRUPT, verdict, path);
}

}  // namespace

absl::Status PrepareSchema(Database& database, const std::string& path) {
  for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON"}) {
    RETURN_IF_ERROR(database.Execute(pragma));
  }
  RETURN_IF_ERROR(CheckFile(database, path));
  ASSIGN_OR_RETURN(uint64_t version, database.QueryNumber("PRAGMA user_version"));
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(
        StrCat(path, " has schema ", version, ", this build knows ", kSchemaVersion,
               ": start the newer penstock-controlplane that wrote it, or restore a backup made before the upgrade"));
  }
  if (version == 0) {
    if (absl::Status made = database.Execute(kTables); !made.ok()) {
      database.RollbackIfOpen();
      return made;
    }
  }
  return database.Execute(kOrigins);
}

}  // namespace penstock::store
