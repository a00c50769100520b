#include "controlplane/store/sqlite/records.h"

#include <utility>

#include "absl/time/time.h"
#include "controlplane/store/sqlite/schema.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::store {
namespace {

void BindKey(Statement& statement, int position, const ObjectKey& key) {
  statement.Bind(position, key.group);
  statement.Bind(position + 1, key.kind);
  statement.Bind(position + 2, key.ns);
  statement.Bind(position + 3, key.name);
}

absl::StatusOr<Statement> SelectRecords(Database& database, std::string_view rest) {
  return database.Prepare(StrCat(kSelectGenerations, rest));
}

absl::StatusOr<std::vector<GenerationRecord>> AllRecords(Statement& select) {
  std::vector<GenerationRecord> records;
  while (true) {
    ASSIGN_OR_RETURN(bool row, select.Step());
    if (!row) return records;
    GenerationRecord& record = records.emplace_back();
    record.id = {.epoch = select.Number(1), .number = select.Number(0)};
    record.time = absl::FromUnixMicros(static_cast<int64_t>(select.Number(2)));
    record.author = select.Text(3);
    record.message = select.Text(4);
    record.request_id = select.Text(5);
    record.request_digest = select.Number(6);
    record.hash = select.Number(7);
    record.resources_changed = static_cast<uint32_t>(select.Number(8));
    record.bytes_per_replica = select.Number(9);
    record.objects_changed = static_cast<uint32_t>(select.Number(10));
    record.plan = select.Blob(11);
    record.result = select.Text(12);
  }
}

absl::StatusOr<std::optional<GenerationRecord>> FirstRecord(Statement& select) {
  ASSIGN_OR_RETURN(std::vector<GenerationRecord> records, AllRecords(select));
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

}  // namespace

absl::Status InsertRecord(Database& database, const GenerationRecord& record) {
  ASSIGN_OR_RETURN(Statement insert, database.Prepare(kInsertGeneration));
  insert.Bind(1, record.id.number);
  insert.Bind(2, record.id.epoch);
  insert.Bind(3, static_cast<uint64_t>(absl::ToUnixMicros(record.time)));
  insert.Bind(4, record.author);
  insert.Bind(5, record.message);
  insert.Bind(6, record.request_id);
  insert.Bind(7, record.request_digest);
  insert.Bind(8, record.hash);
  insert.Bind(9, static_cast<uint64_t>(record.resources_changed));
  insert.Bind(10, record.bytes_per_replica);
  insert.Bind(11, static_cast<uint64_t>(record.objects_changed));
  insert.BindBlob(12, record.plan);
  insert.Bind(13, record.result);
  return insert.Run();
}

absl::Status InsertVersion(Database& database, const ObjectWrite& write, uint64_t generation) {
  ASSIGN_OR_RETURN(
      Statement last,
      database.Prepare("SELECT first_generation, bytes IS NULL FROM versions WHERE grp = ?1 AND kind = ?2 AND ns = ?3 "
                       "AND name = ?4 ORDER BY generation DESC LIMIT 1"));
  BindKey(last, 1, write.key);
  ASSIGN_OR_RETURN(bool exists, last.Step());
  const bool alive = exists && last.Number(1) == 0;
  const uint64_t first = alive ? last.Number(0) : generation;
  last.Reset();

  ASSIGN_OR_RETURN(Statement insert,
                   database.Prepare("INSERT INTO versions(grp, kind, ns, name, generation, first_generation, bytes) "
                                    "VALUES (?1,?2,?3,?4,?5,?6,?7)"));
  BindKey(insert, 1, write.key);
  insert.Bind(5, generation);
  insert.Bind(6, first);
  if (write.bytes.has_value()) {
    insert.BindBlob(7, *write.bytes);
  } else {
    insert.BindNull(7);
  }
  return insert.Run();
}

absl::Status UpdateResult(Database& database, uint64_t number, std::string_view result) {
  ASSIGN_OR_RETURN(Statement update, database.Prepare("UPDATE generations SET result = ?2 WHERE number = ?1"));
  update.Bind(1, number);
  update.Bind(2, result);
  return update.Run();
}

absl::Status WriteRolloutState(Database& database, std::string_view name, std::string_view value) {
  ASSIGN_OR_RETURN(Statement put,
                   database.Prepare(value.empty() ? "DELETE FROM rollout WHERE name = ?1"
                                                  : "INSERT OR REPLACE INTO rollout(name, value) VALUES (?1, ?2)"));
  put.Bind(1, name);
  if (!value.empty()) put.BindBlob(2, value);
  return put.Run();
}

absl::StatusOr<GenerationRecord> ReadNewest(Database& database) {
  ASSIGN_OR_RETURN(Statement select, SelectRecords(database, "ORDER BY number DESC LIMIT 1"));
  ASSIGN_OR_RETURN(std::optional<GenerationRecord> record, FirstRecord(select));
  return std::move(record).value_or(GenerationRecord());
}

absl::StatusOr<std::optional<GenerationRecord>> ReadGeneration(Database& database, uint64_t number) {
  ASSIGN_OR_RETURN(Statement select, SelectRecords(database, "WHERE number = ?1"));
  select.Bind(1, number);
  return FirstRecord(select);
}

absl::StatusOr<std::optional<GenerationRecord>> ReadRequest(Database& database, std::string_view request_id) {
  if (request_id.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(Statement select, SelectRecords(database, "WHERE request_id = ?1 AND request_id <> ''"));
  select.Bind(1, request_id);
  return FirstRecord(select);
}

absl::StatusOr<std::vector<GenerationRecord>> ReadHistory(Database& database, size_t limit,
                                                          const std::optional<ObjectKey>& key) {
  constexpr std::string_view kOfOneObject =
      "WHERE number IN (SELECT generation FROM versions WHERE grp = ?2 AND kind = ?3 AND ns = ?4 AND name = ?5) "
      "ORDER BY number DESC LIMIT ?1";
  ASSIGN_OR_RETURN(Statement select,
                   SelectRecords(database, key.has_value() ? kOfOneObject : "ORDER BY number DESC LIMIT ?1"));
  select.Bind(1, static_cast<uint64_t>(limit));
  if (key.has_value()) BindKey(select, 2, *key);
  return AllRecords(select);
}

absl::StatusOr<std::vector<StoredObject>> ReadObjects(Database& database, uint64_t number) {
  ASSIGN_OR_RETURN(Statement select, database.Prepare(kSelectObjects));
  select.Bind(1, number);
  std::vector<StoredObject> objects;
  while (true) {
    ASSIGN_OR_RETURN(bool row, select.Step());
    if (!row) return objects;
    objects.push_back({.key = {select.Text(0), select.Text(1), select.Text(2), select.Text(3)},
                       .bytes = select.Blob(6),
                       .first_generation = select.Number(5),
                       .last_generation = select.Number(4)});
  }
}

absl::Status Prune(Database& database, uint64_t oldest_kept) {
  for (std::string_view sql : kPrune) {
    ASSIGN_OR_RETURN(Statement prune, database.Prepare(sql));
    prune.Bind(1, oldest_kept);
    RETURN_IF_ERROR(prune.Run());
  }
  return absl::OkStatus();
}

}  // namespace penstock::store
