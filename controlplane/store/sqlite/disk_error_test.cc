#include "controlplane/store/sqlite/disk_error.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cerrno>
#include <filesystem>

#include "controlplane/store/sqlite/database.h"

namespace penstock::store {
namespace {

constexpr char kPath[] = "/var/lib/penstock/store.db";
constexpr DiskSpace kPlenty{.bytes = 1 << 30}, kNone{.bytes = 12 << 10}, kNoFiles{.bytes = 1 << 30, .has_files = false};

std::string Text(int code, const DiskSpace& space) {
  return std::string(DiskError(code, "disk I/O error", kPath, space).message());
}

bool Says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(DiskError, SaysNoSpaceWheneverThatIsTheCause) {
  for (int code : {SQLITE_FULL, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_WRITE, SQLITE_CANTOPEN}) {
    EXPECT_EQ(DiskError(code, "", kPath, kNone).code(), absl::StatusCode::kInternal) << code;
    EXPECT_TRUE(Says(Text(code, kNone), "no space left for /var/lib/penstock/store.db")) << Text(code, kNone);
    EXPECT_TRUE(Says(Text(code, kNone), "free space on that file system")) << Text(code, kNone);
  }
  EXPECT_TRUE(Says(Text(SQLITE_IOERR_SHMSIZE, kNoFiles), "no space left"));
}

TEST(DiskError, SaysInWordsWhatFailedWhereAndWhatToDo) {
  for (int code : {SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_READ}) {
    const std::string text = Text(code, kPlenty);
    EXPECT_TRUE(text.starts_with("I/O error while ")) << text;
    EXPECT_TRUE(Says(text, kPath)) << text;
    EXPECT_TRUE(Says(text, "dmesg")) << text;
    EXPECT_FALSE(Says(text, "code")) << text;
  }
  EXPECT_TRUE(Says(Text(SQLITE_READONLY, kPlenty), "store.db is read-only")) << Text(SQLITE_READONLY, kPlenty);
}

TEST(DiskError, TellsWhyAFileCannotBeOpened) {
  EXPECT_TRUE(Says(std::string(OpenError(kPath, ENOSPC).message()), "free space"));
  EXPECT_TRUE(Says(std::string(OpenError(kPath, EROFS).message()), "Read-only file system: mount"));
  EXPECT_TRUE(Says(std::string(OpenError(kPath, EACCES).message()), "check --state-dir"));
}

TEST(DiskError, OfADatabaseThatCannotGrowIsNoSpace) {
  const std::string path = testing::TempDir() + "/full-" + std::to_string(getpid()) + ".db";
  std::filesystem::remove(path);
  absl::StatusOr<Database> database = Database::Open(path);
  ASSERT_TRUE(database.ok()) << database.status();
  ASSERT_TRUE(database->Execute("PRAGMA max_page_count = 4").ok());
  ASSERT_TRUE(database->Execute("CREATE TABLE t(x BLOB)").ok());
  const absl::Status full = database->Execute("INSERT INTO t VALUES (zeroblob(100000))");
  EXPECT_EQ(full.code(), absl::StatusCode::kInternal) << full;
  EXPECT_TRUE(Says(std::string(full.message()), "no space left for " + path)) << full;
  EXPECT_TRUE(database->Execute("INSERT INTO t VALUES (1)").ok());
}

}  // namespace
}  // namespace penstock::store
