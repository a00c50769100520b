#include "controlplane/store/sqlite/sealing.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "controlplane/store/secrecy.h"
#include "controlplane/store/sqlite/records.h"
#include "controlplane/store/sqlite/schema.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::store {
namespace {

// Where sealed values stand.
struct Place {
  std::string_view table;
  std::string_view value;        // its column
  std::vector<std::string> row;  // the columns that identify it
  std::string which;             // of its rows hold one
};

using Row = std::vector<std::string>;

// Before SealAll() was done for the first time, generations have no digests of their own.
absl::StatusOr<bool> HasDigests(Database& database) {
  ASSIGN_OR_RETURN(const uint64_t count, database.QueryNumber("SELECT COUNT(*) FROM pragma_table_info('generations') "
                                                              "WHERE name = 'digests'"));
  return count != 0;
}

absl::StatusOr<std::vector<Place>> Places(Database& database) {
  std::vector<Place> places = {{kVersionsTable,
                                "bytes",
                                {"grp", "kind", "ns", "name", "generation"},
                                StrCat("grp = '' AND kind = '", kSecretKind, "' AND bytes IS NOT NULL")},
                               {kRolloutTable, "value", {"name"}, StrCat("name = '", kTicketKeys, "'")}};
  ASSIGN_OR_RETURN(const bool digests, HasDigests(database));
  if (digests) places.push_back({kGenerationsTable, "digests", {"number"}, "TRUE"});
  return places;
}

// "a = ?FIRST AND b = ?FIRST+1".
std::string RowIs(const Place& place, size_t first) {
  std::string condition;
  for (const std::string& column : place.row) {
    condition += StrCat(condition.empty() ? "" : " AND ", column, " = ?", first++);
  }
  return condition;
}

void Bind(Statement& statement, int first, const Row& row) {
  for (const std::string& part : row) statement.Bind(first++, part);
}

// The rows of PLACE whose value is not sealed with ID.
absl::StatusOr<std::vector<Row>> RowsNotSealedWith(Database& database, const Place& place, const vault::KeyId& id) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare(StrCat("SELECT substr(", place.value, ", 1, ", vault::Vault::kHeaderBytes, "), ",
                              absl::StrJoin(place.row, ", "), " FROM ", place.table, " WHERE ", place.which)));
  std::vector<Row> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return rows;
    if (vault::SealedWith(select.Blob(0)) == id) continue;
    Row& row = rows.emplace_back();
    for (size_t i = 0; i < place.row.size(); ++i) row.push_back(select.Text(static_cast<int>(i) + 1));
  }
}

// Reads and writes the values of a place one by one: together they may not fit into memory.
class Sealer {
 public:
  static absl::StatusOr<Sealer> Of(Database& database, const Place& place, const vault::Vault& vault) {
    ASSIGN_OR_RETURN(Statement select, database.Prepare(StrCat("SELECT ", place.value, " FROM ", place.table, " WHERE ",
                                                               RowIs(place, 1))));
    ASSIGN_OR_RETURN(Statement update, database.Prepare(StrCat("UPDATE ", place.table, " SET ", place.value,
                                                               " = ?1 WHERE ", RowIs(place, 2))));
    return Sealer(place.table, vault, std::move(select), std::move(update));
  }

  // True: the value stood there in plain, which is an error unless PLAIN is allowed.
  absl::StatusOr<bool> Seal(const Row& row, bool allow_plain) {
    Bind(select_, 1, row);
    ASSIGN_OR_RETURN(const bool found, select_.Step());
    std::string value = found ? select_.Blob(0) : "";
    select_.Reset();
    const std::string name = SealName(table_, row);
    const bool plain = !vault::IsSealed(value);
    if (!plain || !allow_plain) {
      ASSIGN_OR_RETURN(value, vault_.Open(value, name), _ << absl::StrJoin(row, " ") << " in table " << table_);
    }
    update_.BindBlob(1, vault_.Seal(value, name));
    Bind(update_, 2, row);
    RETURN_IF_ERROR(update_.Run());
    return plain;
  }

 private:
  Sealer(std::string_view table, const vault::Vault& vault, Statement select, Statement update)
      : table_(table), vault_(vault), select_(std::move(select)), update_(std::move(update)) {}

  const std::string_view table_;
  const vault::Vault& vault_;
  Statement select_;
  Statement update_;
};

// Schema 1 has the digests in columns of their own, in plain.
absl::Status MoveDigests(Database& database, const vault::Vault& vault) {
  ASSIGN_OR_RETURN(const bool moved, HasDigests(database));
  if (moved) return absl::OkStatus();
  std::vector<GenerationRecord> records;
  {
    ASSIGN_OR_RETURN(Statement select, database.Prepare("SELECT number, hash, request_digest FROM generations"));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) break;
      GenerationRecord& record = records.emplace_back();
      record.id.number = select.Number(0);
      record.hash = select.Number(1);
      record.request_digest = select.Number(2);
    }
  }
  RETURN_IF_ERROR(database.Execute(kAddDigests));
  {
    ASSIGN_OR_RETURN(Statement update, database.Prepare("UPDATE generations SET digests = ?1 WHERE number = ?2"));
    for (const GenerationRecord& record : records) {
      update.BindBlob(1, SealedDigests(vault, record));
      update.Bind(2, record.id.number);
      RETURN_IF_ERROR(update.Run());
    }
  }
  return database.Execute(kDropPlainDigests);
}

absl::Status SealRows(Database& database, const vault::Vault& vault, bool allow_plain, Sealing& sealing) {
  ASSIGN_OR_RETURN(const std::vector<Place> places, Places(database));
  for (const Place& place : places) {
    ASSIGN_OR_RETURN(const std::vector<Row> rows, RowsNotSealedWith(database, place, vault.seals_with()));
    ASSIGN_OR_RETURN(Sealer sealer, Sealer::Of(database, place, vault));
    for (const Row& row : rows) {
      ASSIGN_OR_RETURN(const bool plain, sealer.Seal(row, allow_plain));
      if (!plain) ++sealing.sealed_anew;
      if (plain && place.table == kVersionsTable) ++sealing.sealed_plain;
    }
  }
  return absl::OkStatus();
}

absl::Status SealInTransaction(Database& database, const vault::Vault& vault, Sealing& sealing) {
  ASSIGN_OR_RETURN(const uint64_t version, database.QueryNumber("PRAGMA user_version"));
  RETURN_IF_ERROR(MoveDigests(database, vault));
  RETURN_IF_ERROR(SealRows(database, vault, /*allow_plain=*/version < kSchemaVersion, sealing));
  // Until nothing is left of what stood there.
  return database.Execute("PRAGMA user_version = 1");
}

// Free pages, slack and the journal hold what was overwritten and deleted.
absl::Status LeaveNothingBehind(Database& database) {
  RETURN_IF_ERROR(database.Execute("VACUUM"));
  ASSIGN_OR_RETURN(const uint64_t busy, database.QueryNumber("PRAGMA wal_checkpoint(TRUNCATE)"));
  if (busy == 0) return absl::OkStatus();
  return absl::InternalError(StrCat(database.path(),
                                    " is read by another program, so that what was sealed is still in "
                                    "its journal in plain or under the key before: close it and start again"));
}

}  // namespace

std::string SealName(std::string_view table, std::span<const std::string> row) {
  std::string name(table);
  // With its length before it, no part can pass for two.
  for (const std::string& part : row) name += StrCat(" ", part.size(), ":", part);
  return name;
}

absl::StatusOr<Census> CountSealed(Database& database) {
  Census census;
  ASSIGN_OR_RETURN(const std::vector<Place> places, Places(database));
  for (const Place& place : places) {
    ASSIGN_OR_RETURN(Statement select,
                     database.Prepare(StrCat("SELECT substr(", place.value, ", 1, ", vault::Vault::kHeaderBytes,
                                             ") AS header, COUNT(*) FROM ", place.table, " WHERE ", place.which,
                                             " GROUP BY header")));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) break;
      const std::optional<vault::KeyId> id = vault::SealedWith(select.Blob(0));
      if (id.has_value()) census[*id] += select.Number(1);
    }
  }
  return census;
}

absl::Status SealAll(Database& database, const vault::Vault& vault, Sealing& sealing) {
  ASSIGN_OR_RETURN(const uint64_t version, database.QueryNumber("PRAGMA user_version"));
  ASSIGN_OR_RETURN(const Census census, CountSealed(database));
  const bool one_key = census.empty() || (census.size() == 1 && census.begin()->first == vault.seals_with());
  if (version >= kSchemaVersion && one_key) return absl::OkStatus();
  absl::Status status = database.Execute("BEGIN IMMEDIATE");
  if (status.ok()) status = SealInTransaction(database, vault, sealing);
  if (status.ok()) status = database.Execute("COMMIT");
  if (!status.ok()) {
    database.RollbackIfOpen();
    return status;
  }
  RETURN_IF_ERROR(LeaveNothingBehind(database));
  static_assert(kSchemaVersion == 2);
  return database.Execute("PRAGMA user_version = 2");
}

}  // namespace penstock::store
