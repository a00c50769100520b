#include "controlplane/store/sqlite/records.h"

#include <utility>

#include "absl/time/time.h"
#include "controlplane/store/secrecy.h"
#include "controlplane/store/sqlite/schema.h"
#include "controlplane/store/sqlite/sealing.h"
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

std::string NameOf(const ObjectKey& key, uint64_t generation) {
  const std::string row[] = {key.group, key.kind, key.ns, key.name, StrCat(generation)};
  return SealName(kVersionsTable, row);
}

std::string NameOfState(std::string_view name) {
  const std::string row[] = {std::string(name)};
  return SealName(kRolloutTable, row);
}

std::string NameOfRecord(uint64_t number) {
  const std::string row[] = {StrCat(number)};
  return SealName(kGenerationsTable, row);
}

constexpr size_t kNumberBytes = 8;

// Least significant byte first.
void Append(std::string& bytes, uint64_t number) {
  for (size_t i = 0; i < kNumberBytes; ++i) bytes.push_back(static_cast<char>(number >> (8 * i)));
}

uint64_t NumberAt(std::string_view bytes, size_t at) {
  uint64_t number = 0;
  for (size_t i = 0; i < kNumberBytes; ++i) number |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
  return number;
}

absl::Status OpenDigests(const vault::Vault& vault, std::string_view sealed, GenerationRecord& record) {
  ASSIGN_OR_RETURN(const std::string digests, vault.Open(sealed, NameOfRecord(record.id.number)),
                   _ << "the record of generation " << record.id.number);
  if (digests.size() != 2 * kNumberBytes) return absl::DataLossError("a record's digests have another size");
  record.hash = NumberAt(digests, 0);
  record.request_digest = NumberAt(digests, kNumberBytes);
  return absl::OkStatus();
}

absl::StatusOr<Statement> SelectRecords(Database& database, std::string_view rest) {
  return database.Prepare(StrCat(kSelectGenerations, rest));
}

absl::StatusOr<std::vector<GenerationRecord>> AllRecords(Statement& select, const vault::Vault& vault) {
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
    RETURN_IF_ERROR(OpenDigests(vault, select.Blob(6), record));
    record.resources_changed = static_cast<uint32_t>(select.Number(7));
    record.bytes_per_replica = select.Number(8);
    record.objects_changed = static_cast<uint32_t>(select.Number(9));
    record.plan = select.Blob(10);
    record.result = select.Text(11);
  }
}

absl::StatusOr<std::optional<GenerationRecord>> FirstRecord(Statement& select, const vault::Vault& vault) {
  ASSIGN_OR_RETURN(std::vector<GenerationRecord> records, AllRecords(select, vault));
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

}  // namespace

std::string SealedDigests(const vault::Vault& vault, const GenerationRecord& record) {
  std::string digests;
  Append(digests, record.hash);
  Append(digests, record.request_digest);
  return vault.Seal(digests, NameOfRecord(record.id.number));
}

absl::Status InsertRecord(Database& database, const vault::Vault& vault, const GenerationRecord& record) {
  ASSIGN_OR_RETURN(Statement insert, database.Prepare(kInsertGeneration));
  insert.Bind(1, record.id.number);
  insert.Bind(2, record.id.epoch);
  insert.Bind(3, static_cast<uint64_t>(absl::ToUnixMicros(record.time)));
  insert.Bind(4, record.author);
  insert.Bind(5, record.message);
  insert.Bind(6, record.request_id);
  insert.BindBlob(7, SealedDigests(vault, record));
  insert.Bind(8, static_cast<uint64_t>(record.resources_changed));
  insert.Bind(9, record.bytes_per_replica);
  insert.Bind(10, static_cast<uint64_t>(record.objects_changed));
  insert.BindBlob(11, record.plan);
  insert.Bind(12, record.result);
  return insert.Run();
}

absl::Status InsertVersion(Database& database, const vault::Vault& vault, const ObjectWrite& write,
                           uint64_t generation) {
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
  if (!write.bytes.has_value()) {
    insert.BindNull(7);
  } else if (IsSecret(write.key)) {
    insert.BindBlob(7, vault.Seal(*write.bytes, NameOf(write.key, generation)));
  } else {
    insert.BindBlob(7, *write.bytes);
  }
  RETURN_IF_ERROR(insert.Run());
  if (write.origin.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(Statement origin, database.Prepare("INSERT INTO origins(grp, kind, ns, name, generation, origin) "
                                                      "VALUES (?1,?2,?3,?4,?5,?6)"));
  BindKey(origin, 1, write.key);
  origin.Bind(5, generation);
  origin.Bind(6, write.origin);
  return origin.Run();
}

absl::Status UpdateResult(Database& database, uint64_t number, std::string_view result) {
  ASSIGN_OR_RETURN(Statement update, database.Prepare("UPDATE generations SET result = ?2 WHERE number = ?1"));
  update.Bind(1, number);
  update.Bind(2, result);
  return update.Run();
}

absl::Status WriteRolloutState(Database& database, const vault::Vault& vault, std::string_view name,
                               std::string_view value) {
  ASSIGN_OR_RETURN(Statement put,
                   database.Prepare(value.empty() ? "DELETE FROM rollout WHERE name = ?1"
                                                  : "INSERT OR REPLACE INTO rollout(name, value) VALUES (?1, ?2)"));
  put.Bind(1, name);
  if (!value.empty()) put.BindBlob(2, IsSecretState(name) ? vault.Seal(value, NameOfState(name)) : std::string(value));
  return put.Run();
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadRolloutState(Database& database,
                                                                                  const vault::Vault& vault) {
  ASSIGN_OR_RETURN(Statement select, database.Prepare("SELECT name, value FROM rollout ORDER BY name"));
  std::vector<std::pair<std::string, std::string>> state;
  while (true) {
    ASSIGN_OR_RETURN(bool row, select.Step());
    if (!row) return state;
    auto& [name, value] = state.emplace_back(select.Text(0), select.Blob(1));
    if (!IsSecretState(name)) continue;
    ASSIGN_OR_RETURN(value, vault.Open(value, NameOfState(name)), _ << "the stored " << name);
  }
}

absl::StatusOr<GenerationRecord> ReadNewest(Database& database, const vault::Vault& vault) {
  ASSIGN_OR_RETURN(Statement select, SelectRecords(database, "ORDER BY number DESC LIMIT 1"));
  ASSIGN_OR_RETURN(std::optional<GenerationRecord> record, FirstRecord(select, vault));
  return std::move(record).value_or(GenerationRecord());
}

absl::StatusOr<std::optional<GenerationRecord>> ReadGeneration(Database& database, const vault::Vault& vault,
                                                               uint64_t number) {
  ASSIGN_OR_RETURN(Statement select, SelectRecords(database, "WHERE number = ?1"));
  select.Bind(1, number);
  return FirstRecord(select, vault);
}

absl::StatusOr<std::optional<GenerationRecord>> ReadRequest(Database& database, const vault::Vault& vault,
                                                            std::string_view request_id) {
  if (request_id.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(Statement select, SelectRecords(database, "WHERE request_id = ?1 AND request_id <> ''"));
  select.Bind(1, request_id);
  return FirstRecord(select, vault);
}

absl::StatusOr<std::vector<GenerationRecord>> ReadHistory(Database& database, const vault::Vault& vault, size_t limit,
                                                          const std::optional<ObjectKey>& key) {
  constexpr std::string_view kOfOneObject =
      "WHERE number IN (SELECT generation FROM versions WHERE grp = ?2 AND kind = ?3 AND ns = ?4 AND name = ?5) "
      "ORDER BY number DESC LIMIT ?1";
  ASSIGN_OR_RETURN(Statement select,
                   SelectRecords(database, key.has_value() ? kOfOneObject : "ORDER BY number DESC LIMIT ?1"));
  select.Bind(1, static_cast<uint64_t>(limit));
  if (key.has_value()) BindKey(select, 2, *key);
  return AllRecords(select, vault);
}

absl::StatusOr<std::vector<StoredObject>> ReadObjects(Database& database, const vault::Vault& vault, uint64_t number) {
  ASSIGN_OR_RETURN(Statement select, database.Prepare(kSelectObjects));
  select.Bind(1, number);
  std::vector<StoredObject> objects;
  while (true) {
    ASSIGN_OR_RETURN(bool row, select.Step());
    if (!row) return objects;
    StoredObject& object =
        objects.emplace_back(StoredObject{.key = {select.Text(0), select.Text(1), select.Text(2), select.Text(3)},
                                          .bytes = select.Blob(6),
                                          .first_generation = select.Number(5),
                                          .last_generation = select.Number(4),
                                          .origin = select.Text(7)});
    if (!IsSecret(object.key)) continue;
    ASSIGN_OR_RETURN(object.bytes, vault.Open(object.bytes, NameOf(object.key, object.last_generation)),
                     _ << object.key.ToString() << " of generation " << object.last_generation);
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
