#include "controlplane/store/sqlite/sqlite_store.h"

#include <algorithm>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "controlplane/store/check.h"
#include "controlplane/store/sqlite/database.h"
#include "controlplane/store/sqlite/records.h"
#include "controlplane/store/sqlite/restore_guard.h"
#include "controlplane/store/sqlite/schema.h"
#include "controlplane/store/sqlite/sealing.h"
#include "controlplane/store/sqlite/store_keys.h"
#include "dataplane/base/mutex.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::store {
namespace {

// Old generations are dropped in passing, not by every commit.
constexpr uint64_t kPruneEvery = 64;

class SqliteStore final : public Store {
 public:
  SqliteStore(DirectoryLock lock, Witness witness, Database database, vault::Vault vault, uint64_t kept_generations)
      : lock_(std::move(lock)),
        vault_(std::move(vault)),
        witness_(std::move(witness)),
        database_(std::move(database)),
        kept_generations_(kept_generations) {}

  absl::StatusOr<GenerationRecord> Commit(const Transaction& transaction) override {
    RETURN_IF_ERROR(CheckLimits(transaction));
    MutexLock lock(&mutex_);
    ASSIGN_OR_RETURN(std::optional<GenerationRecord> before,
                     ReadRequest(database_, vault_, transaction.record.request_id));
    if (before.has_value()) return *std::move(before);
    GenerationRecord record = transaction.record;
    RETURN_IF_ERROR(InTransaction([&](Database& database) { return WriteGeneration(database, transaction, record); }));
    witness_.Write(record.id);
    return record;
  }

  absl::StatusOr<GenerationRecord> Newest() override {
    MutexLock lock(&mutex_);
    return ReadNewest(database_, vault_);
  }

  absl::StatusOr<GenerationRecord> Generation(uint64_t number) override {
    MutexLock lock(&mutex_);
    ASSIGN_OR_RETURN(std::optional<GenerationRecord> record, ReadGeneration(database_, vault_, number));
    if (!record.has_value()) return NoSuchGeneration(number);
    return *std::move(record);
  }

  absl::StatusOr<std::optional<GenerationRecord>> FindRequest(std::string_view request_id) override {
    MutexLock lock(&mutex_);
    return ReadRequest(database_, vault_, request_id);
  }

  absl::StatusOr<std::vector<StoredObject>> Objects(uint64_t number) override {
    MutexLock lock(&mutex_);
    ASSIGN_OR_RETURN(GenerationRecord newest, ReadNewest(database_, vault_));
    if (number == 0) number = newest.id.number;
    if (number > newest.id.number) return NoSuchGeneration(number);
    if (number < newest.id.number) {
      ASSIGN_OR_RETURN(uint64_t oldest, database_.QueryNumber("SELECT MIN(number) FROM generations"));
      if (number < oldest) return NoSuchGeneration(number);
    }
    return ReadObjects(database_, vault_, number);
  }

  absl::StatusOr<std::vector<GenerationRecord>> History(size_t limit, const std::optional<ObjectKey>& key) override {
    MutexLock lock(&mutex_);
    return ReadHistory(database_, vault_, limit, key);
  }

  absl::Status SetResult(uint64_t number, std::string_view result) override {
    MutexLock lock(&mutex_);
    return InTransaction([&](Database& database) -> absl::Status { return UpdateResult(database, number, result); });
  }

  absl::Status PutRolloutState(std::string_view name, std::string_view value) override {
    MutexLock lock(&mutex_);
    return InTransaction([&](Database& database) { return WriteRolloutState(database, vault_, name, value); });
  }

  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> RolloutState() override {
    MutexLock lock(&mutex_);
    return ReadRolloutState(database_, vault_);
  }

 private:
  // Runs `body` between BEGIN and a durable COMMIT; any error leaves nothing behind.
  absl::Status InTransaction(absl::FunctionRef<absl::Status(Database&)> body) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (sync_failed_) {
      return absl::InternalError(
          "an earlier fsync of the store failed, so nothing more is written: check the disk, then restart the control "
          "plane");
    }
    absl::Status status = database_.Execute("BEGIN IMMEDIATE");
    if (status.ok()) status = body(database_);
    if (status.ok()) status = database_.Execute("COMMIT");
    if (status.ok()) return status;
    sync_failed_ = database_.SyncFailed();
    database_.RollbackIfOpen();
    return status;
  }

  // Fills in record.id.
  absl::Status WriteGeneration(Database& database, const Transaction& transaction, GenerationRecord& record) const {
    ASSIGN_OR_RETURN(GenerationRecord newest, ReadNewest(database, vault_));
    if (newest.id != transaction.expected) return MovedOn(transaction.expected, newest.id);
    record.id = NextId(transaction);
    RETURN_IF_ERROR(InsertRecord(database, vault_, record));
    for (const ObjectWrite& write : transaction.writes) {
      RETURN_IF_ERROR(InsertVersion(database, vault_, write, record.id.number));
    }
    if (!transaction.previous_result.empty()) {
      RETURN_IF_ERROR(UpdateResult(database, transaction.expected.number, transaction.previous_result));
    }
    for (const auto& [name, value] : transaction.rollout_state) {
      RETURN_IF_ERROR(WriteRolloutState(database, vault_, name, value));
    }
    const uint64_t number = record.id.number;
    if (number % kPruneEvery != 0 || number <= kept_generations_) return absl::OkStatus();
    return Prune(database, number - kept_generations_ + 1);
  }

  const DirectoryLock lock_;
  const vault::Vault vault_;
  Mutex mutex_;
  Witness witness_ ABSL_GUARDED_BY(mutex_);
  Database database_ ABSL_GUARDED_BY(mutex_);
  bool sync_failed_ ABSL_GUARDED_BY(mutex_) = false;
  const uint64_t kept_generations_;
};

absl::Status RefuseOlderFile(GenerationId stored, GenerationId witnessed, const std::string& path) {
  if (stored >= witnessed) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat(path, " is at generation ", ToString(stored), ", but ", ToString(witnessed),
             " was acknowledged before: the file was replaced by an older copy. Start once with --new-epoch to "
             "serve the older state as "
             "a new epoch (the generations in between are lost), or put the newer file back"));
}

absl::Status StartNewEpoch(Store& store, GenerationId witnessed) {
  ASSIGN_OR_RETURN(GenerationRecord newest, store.Newest());
  Transaction transaction{.expected = newest.id,
                          .record = {},
                          .writes = {},
                          .previous_result = "",
                          .new_epoch = std::max(newest.id.epoch, witnessed.epoch) + 1};
  transaction.record.time = absl::Now();
  transaction.record.author = "controlplane";
  transaction.record.message = StrCat("new epoch on the objects of generation ", ToString(newest.id));
  transaction.record.hash = newest.hash;
  return store.Commit(transaction).status();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options, Sealing* sealing) {
  ASSIGN_OR_RETURN(DirectoryLock lock, DirectoryLock::Take(options.state_dir));
  ASSIGN_OR_RETURN(Witness witness, Witness::Open(options.state_dir));
  const GenerationId witnessed = witness.Read();
  const std::string path = options.state_dir + "/store.db";
  ASSIGN_OR_RETURN(Database database, Database::Open(path));
  RETURN_IF_ERROR(PrepareSchema(database, path));
  Sealing told;
  ASSIGN_OR_RETURN(vault::Vault vault, OpenVault(database, options, told));
  RETURN_IF_ERROR(SealAll(database, vault, told));
  if (sealing != nullptr) *sealing = std::move(told);
  auto store = std::make_unique<SqliteStore>(std::move(lock), std::move(witness), std::move(database), std::move(vault),
                                             std::max<uint64_t>(options.kept_generations, 1));
  ASSIGN_OR_RETURN(GenerationRecord newest, store->Newest());
  absl::Status epoch =
      options.new_epoch ? StartNewEpoch(*store, witnessed) : RefuseOlderFile(newest.id, witnessed, path);
  if (!epoch.ok()) return epoch;
  return store;
}

}  // namespace penstock::store
