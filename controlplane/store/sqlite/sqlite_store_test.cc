#include "controlplane/store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "controlplane/store/contract.h"

namespace penstock::store {
namespace {

std::string FreshFolder() {
  static std::atomic<int> next{0};
  const std::string folder = testing::TempDir() + "/store-" + std::to_string(getpid()) + "-" + std::to_string(next++);
  std::filesystem::remove_all(folder);
  return folder;
}

std::unique_ptr<Store> MustOpen(const std::string& folder, bool new_epoch = false, uint64_t kept = 10'000) {
  absl::StatusOr<std::unique_ptr<Store>> store =
      OpenSqliteStore({.state_dir = folder, .kept_generations = kept, .new_epoch = new_epoch});
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, AllKinds([] { return MustOpen(FreshFolder()); }));

ObjectKey Key(const std::string& name) { return {"penstock.dev", "Backend", "default", name}; }

absl::StatusOr<GenerationRecord> CommitOne(Store& store, const std::string& name, const std::string& bytes) {
  Transaction transaction;
  transaction.expected = store.Newest().value().id;
  transaction.writes = {{Key(name), bytes}};
  return store.Commit(transaction);
}

TEST(SqliteStore, IsThereAgainAfterReopening) {
  const std::string folder = FreshFolder();
  ASSERT_TRUE(CommitOne(*MustOpen(folder), "users", "1").ok());
  std::unique_ptr<Store> store = MustOpen(folder);
  EXPECT_EQ(store->Newest()->id, (GenerationId{1, 1}));
  EXPECT_EQ(store->Objects(0)->at(0).bytes, "1");
}

TEST(SqliteStore, KeepsItsFilesToItsOwner) {
  const std::string folder = FreshFolder();
  std::unique_ptr<Store> store = MustOpen(folder);
  ASSERT_TRUE(CommitOne(*store, "users", "1").ok());
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    struct stat info;
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST(SqliteStore, NamesTheProcessThatHoldsIt) {
  const std::string folder = FreshFolder();
  std::unique_ptr<Store> store = MustOpen(folder);
  absl::Status second = OpenSqliteStore({.state_dir = folder}).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(second.message().find(std::to_string(getpid())), std::string::npos) << second;
}

TEST(SqliteStore, RefusesANewerSchema) {
  const std::string folder = FreshFolder();
  MustOpen(folder);
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open((folder + "/store.db").c_str(), &connection), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(connection, "PRAGMA user_version = 9", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(connection);
  absl::Status status = OpenSqliteStore({.state_dir = folder}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("schema 9"), std::string::npos) << status;
}

TEST(SqliteStore, RefusesADamagedFile) {
  const std::string folder = FreshFolder();
  std::filesystem::create_directory(folder);
  std::ofstream(folder + "/store.db") << std::string(8192, 'x');
  EXPECT_EQ(OpenSqliteStore({.state_dir = folder}).status().code(), absl::StatusCode::kDataLoss);
}

TEST(SqliteStore, NoticesAFileThatWasReplacedByAnOlderCopy) {
  const std::string folder = FreshFolder();
  ASSERT_TRUE(CommitOne(*MustOpen(folder), "users", "1").ok());
  std::filesystem::copy_file(folder + "/store.db", folder + "/backup");
  ASSERT_TRUE(CommitOne(*MustOpen(folder), "users", "2").ok());
  std::filesystem::remove(folder + "/store.db-wal");
  std::filesystem::remove(folder + "/store.db-shm");
  std::filesystem::rename(folder + "/backup", folder + "/store.db");

  absl::Status refused = OpenSqliteStore({.state_dir = folder}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(refused.message().find("--new-epoch"), std::string::npos) << refused;

  std::unique_ptr<Store> store = MustOpen(folder, /*new_epoch=*/true);
  EXPECT_EQ(store->Newest()->id, (GenerationId{2, 2}));
  EXPECT_EQ(store->Objects(0)->at(0).bytes, "1");
  store.reset();
  EXPECT_EQ(MustOpen(folder)->Newest()->id, (GenerationId{2, 2}));
}

TEST(SqliteStore, DropsOldGenerationsButNoLiveObject) {
  const std::string folder = FreshFolder();
  std::unique_ptr<Store> store = MustOpen(folder, false, /*kept=*/10);
  ASSERT_TRUE(CommitOne(*store, "old-and-untouched", "1").ok());
  Transaction transaction;
  for (int i = 2; i <= 64; ++i) ASSERT_TRUE(CommitOne(*store, "users", std::to_string(i)).ok());
  EXPECT_EQ(store->History(100, std::nullopt)->size(), 10u);
  EXPECT_EQ(store->Objects(54).status().code(), absl::StatusCode::kNotFound);
  ASSERT_EQ(store->Objects(55)->size(), 2u);
  EXPECT_EQ(store->Objects(55)->at(0).bytes, "1");
  EXPECT_EQ(store->Objects(55)->at(1).bytes, "55");
  EXPECT_EQ(store->Objects(0)->at(1).first_generation, 2u);
}

TEST(SqliteStore, RefusesAWriteWithoutSpaceAndWorksAgainAfterwards) {
  const std::string folder = FreshFolder();
  std::unique_ptr<Store> store = MustOpen(folder);
  ASSERT_TRUE(CommitOne(*store, "users", "1").ok());
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit full = before;
  full.rlim_cur = 64 << 10;
  setrlimit(RLIMIT_FSIZE, &full);
  absl::Status refused = CommitOne(*store, "big", std::string(512 << 10, 'x')).status();
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(store->Objects(0)->size(), 1u);
  EXPECT_TRUE(CommitOne(*store, "users", "2").ok());
}

// The child commits for as long as it lives and reports each number after its commit returned.
[[noreturn]] void CommitUntilKilled(const std::string& folder, int report) {
  std::unique_ptr<Store> store = MustOpen(folder);
  while (true) {
    Transaction transaction;
    transaction.expected = store->Newest()->id;
    const std::string number = std::to_string(transaction.expected.number + 1);
    transaction.writes = {{Key("a"), number}, {Key("b"), number}};
    if (!store->Commit(transaction).ok()) _exit(1);
    const uint64_t done = transaction.expected.number + 1;
    if (write(report, &done, sizeof(done)) != sizeof(done)) _exit(1);
  }
}

TEST(SqliteStore, LosesNothingAcknowledgedAndHalvesNothingWhenKilled) {
  const std::string folder = FreshFolder();
  std::mt19937 random(7);
  uint64_t acknowledged = 0;
  for (int round = 0; round < 15; ++round) {
    int pipe_fds[2];
    ASSERT_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) CommitUntilKilled(folder, pipe_fds[1]);
    close(pipe_fds[1]);
    const int commits = static_cast<int>(random() % 20) + 1;
    for (int i = 0; i < commits; ++i) ASSERT_EQ(read(pipe_fds[0], &acknowledged, sizeof(acknowledged)), 8);
    kill(child, SIGKILL);
    uint64_t last = 0;
    while (read(pipe_fds[0], &last, sizeof(last)) == sizeof(last)) acknowledged = last;
    close(pipe_fds[0]);
    waitpid(child, nullptr, 0);

    std::unique_ptr<Store> store = MustOpen(folder);
    const uint64_t newest = store->Newest()->id.number;
    EXPECT_GE(newest, acknowledged);
    EXPECT_LE(newest, acknowledged + 1);
    ASSERT_EQ(store->Objects(0)->size(), 2u);
    EXPECT_EQ(store->Objects(0)->at(0).bytes, std::to_string(newest));
    EXPECT_EQ(store->Objects(0)->at(1).bytes, std::to_string(newest));
  }
}

}  // namespace
}  // namespace penstock::store
