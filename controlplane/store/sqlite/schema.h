// The tables of store.db and the statements that more than one line long.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "controlplane/store/sqlite/database.h"

namespace penstock::store {

// Grows when the tables change. An older file is brought up to date at opening (SealAll() of sealing.h); a newer one is
// refused.
inline constexpr uint64_t kSchemaVersion = 2;

// Sets up journal and durability, checks the file, and makes the tables of a new one.
absl::Status PrepareSchema(Database& database, const std::string& path);

inline constexpr std::string_view kInsertGeneration =
    "INSERT INTO generations(number, epoch, time_us, author, message, request_id, digests, resources_changed, "
    "bytes_per_replica, objects_changed, plan, result) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)";

inline constexpr std::string_view kSelectGenerations =
    "SELECT number, epoch, time_us, author, message, request_id, digests, resources_changed, bytes_per_replica, "
    "objects_changed, plan, result FROM generations ";

// From schema 1 to 2.
inline constexpr char kAddDigests[] = "ALTER TABLE generations ADD COLUMN digests BLOB NOT NULL DEFAULT x''";
inline constexpr char kDropPlainDigests[] =
    "ALTER TABLE generations DROP COLUMN hash; ALTER TABLE generations DROP COLUMN request_digest";

// Of each key the newest version up to ?1, unless that is a deletion. SQLite promises that bare columns beside MAX()
// come from the row that holds the maximum.
inline constexpr std::string_view kSelectObjects =
    "SELECT v.grp, v.kind, v.ns, v.name, v.generation, v.first_generation, v.bytes, origins.origin FROM "
    "(SELECT grp, kind, ns, name, MAX(generation) AS generation, first_generation, bytes FROM versions "
    "WHERE generation <= ?1 GROUP BY grp, kind, ns, name) AS v LEFT JOIN origins ON origins.grp = v.grp "
    "AND origins.kind = v.kind AND origins.ns = v.ns AND origins.name = v.name AND origins.generation = v.generation "
    "WHERE v.bytes IS NOT NULL ORDER BY v.grp, v.kind, v.ns, v.name";

// ?1: the oldest generation to keep. A version stays if a kept generation can see it.
inline constexpr std::string_view kPrune[] = {
    "DELETE FROM generations WHERE number < ?1",
    "DELETE FROM versions WHERE generation < ?1 AND EXISTS (SELECT 1 FROM versions AS later WHERE later.grp = "
    "versions.grp "
    "AND later.kind = versions.kind AND later.ns = versions.ns AND later.name = versions.name "
    "AND later.generation > versions.generation AND later.generation <= ?1)",
    "DELETE FROM versions WHERE generation <= ?1 AND bytes IS NULL",
    "DELETE FROM origins WHERE generation <= ?1 AND NOT EXISTS (SELECT 1 FROM versions WHERE versions.grp = "
    "origins.grp "
    "AND versions.kind = origins.kind AND versions.ns = origins.ns AND versions.name = origins.name "
    "AND versions.generation = origins.generation)",
};

}  // namespace penstock::store
