#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "controlplane/store/sqlite/sqlite_store.h"
#include "controlplane/vault/key_file.h"

namespace penstock::store {
namespace {

// As schema 1 made them.
constexpr char kSchema1[] = R"sql(
PRAGMA secure_delete = OFF;
PRAGMA journal_mode = WAL;
CREATE TABLE generations(number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, time_us INTEGER NOT NULL, author TEXT NOT NULL,
  message TEXT NOT NULL, request_id TEXT NOT NULL, request_digest INTEGER NOT NULL, hash INTEGER NOT NULL,
  resources_changed INTEGER NOT NULL, bytes_per_replica INTEGER NOT NULL, objects_changed INTEGER NOT NULL,
  plan BLOB NOT NULL, result TEXT NOT NULL);
CREATE UNIQUE INDEX generations_by_request ON generations(request_id) WHERE request_id <> '';
CREATE TABLE versions(grp TEXT NOT NULL, kind TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL,
  generation INTEGER NOT NULL, first_generation INTEGER NOT NULL, bytes BLOB,
  PRIMARY KEY(grp, kind, ns, name, generation)) WITHOUT ROWID;
CREATE TABLE rollout(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
INSERT INTO generations VALUES (1, 1, 5, 'ada', 'first', 'r-1', 77, -2, 3, 9, 2, x'00', 'served 1/1');
INSERT INTO generations VALUES (2, 1, 6, 'ada', '', '', 78, 5, 3, 9, 2, x'00', '');
INSERT INTO versions VALUES ('', 'Secret', 'shop', 'cert', 1, 1, 'Mark-first');
INSERT INTO versions VALUES ('', 'Secret', 'shop', 'cert', 2, 1, 'Mark-second');
INSERT INTO versions VALUES ('', 'Secret', 'shop', 'gone', 1, 1, CAST(printf('%.9000c', 'Mark-gone') || 'Mark-gone' AS BLOB));
INSERT INTO versions VALUES ('', 'Secret', 'shop', 'gone', 2, 1, NULL);
INSERT INTO versions VALUES ('penstock.dev', 'Backend', 'shop', 'b', 1, 1, 'a backend');
INSERT INTO rollout VALUES ('ticket-keys', 'Mark-tickets');
CREATE TABLE free(bytes);
INSERT INTO free VALUES (CAST(printf('%.9000c', 'x') || 'Mark-free' AS BLOB));
DROP TABLE free;
)sql";
constexpr const char* kMarks[] = {"Mark-first", "Mark-second", "Mark-gone", "Mark-tickets", "Mark-free"};

class SealedStore : public testing::Test {
 protected:
  void SetUp() override {
    static std::atomic<int> next{0};
    folder_ = testing::TempDir() + "/sealed-" + std::to_string(getpid()) + "-" + std::to_string(next++);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }

  absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& key_file = "") {
    told_ = Sealing();
    return OpenSqliteStore({.state_dir = folder_, .key_file = key_file}, &told_);
  }
  std::unique_ptr<Store> MustOpen(const std::string& key_file = "") {
    absl::StatusOr<std::unique_ptr<Store>> store = Open(key_file);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  void Commit(Store& store, std::vector<ObjectWrite> writes, uint64_t hash = 0) {
    Transaction transaction;
    transaction.expected = store.Newest().value().id;
    transaction.record.hash = hash;
    transaction.writes = std::move(writes);
    const absl::StatusOr<GenerationRecord> done = store.Commit(transaction);
    EXPECT_TRUE(done.ok()) << done.status();
  }

  // Behind the store's back; the last row's first column.
  std::string Sql(const std::string& sql) {
    sqlite3* connection = nullptr;
    EXPECT_EQ(sqlite3_open((folder_ + "/store.db").c_str(), &connection), SQLITE_OK);
    std::string value;
    auto keep = [](void* to, int, char** columns, char**) {
      *static_cast<std::string*>(to) = columns[0] == nullptr ? "" : columns[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), keep, &value, nullptr), SQLITE_OK) << sqlite3_errmsg(connection);
    sqlite3_close(connection);
    return value;
  }

  // Of all files of the store.
  std::string Bytes() {
    std::stringstream bytes;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().extension() != ".key") bytes << std::ifstream(entry.path()).rdbuf();
    }
    return bytes.str();
  }
  bool Holds(std::string_view text) { return Bytes().find(text) != std::string::npos; }

  std::string KeyFile(const std::string& name, const std::string& keys) {
    const std::string path = folder_ + "/" + name + ".key";
    std::ofstream(path) << keys;
    chmod(path.c_str(), 0600);
    return path;
  }
  std::string KeyOf(char c) { return std::string(64, c) + "\n"; }
  std::string IdOf(char c) { return vault::ToString(RawIdOf(c)); }
  // As it stands in what is sealed with that key.
  std::string HeaderOf(char c) {
    const vault::KeyId id = RawIdOf(c);
    return std::string(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  }

  vault::KeyId RawIdOf(char c) { return vault::ReadKeyFile(KeyFile("id", KeyOf(c))).value().front().id(); }

  std::string folder_;
  Sealing told_;
};

ObjectKey SecretKey(const std::string& name) { return {"", "Secret", "shop", name}; }

TEST_F(SealedStore, KeepsSecretsOutOfItsFilesAndEverythingElseIn) {
  std::unique_ptr<Store> store = MustOpen();
  Commit(*store, {{SecretKey("cert"), "Mark-one"}, {{"penstock.dev", "Backend", "shop", "b"}, "Mark-backend"}});
  Commit(*store, {{SecretKey("cert"), "Mark-two"}});
  ASSERT_TRUE(store->PutRolloutState("ticket-keys", "Mark-tickets").ok());
  for (int closed = 0; closed < 2; ++closed) {
    EXPECT_TRUE(Holds("Mark-backend"));
    for (const char* mark : {"Mark-one", "Mark-two", "Mark-tickets"}) EXPECT_FALSE(Holds(mark)) << mark;
    store.reset();
  }
  store = MustOpen();
  EXPECT_EQ(store->Objects(1)->at(0).bytes, "Mark-one");
  EXPECT_EQ(store->Objects(2)->at(0).bytes, "Mark-two");
  EXPECT_EQ(store->Objects(2)->at(1).bytes, "Mark-backend");
  EXPECT_EQ(store->RolloutState()->at(0).second, "Mark-tickets");
}

TEST_F(SealedStore, KeepsNoDigestByWhichAPasswordCouldBeGuessed) {
  std::unique_ptr<Store> store = MustOpen();
  Commit(*store, {{SecretKey("cert"), "1"}}, /*hash=*/0x4b72614d4b72614d);  // "MarkMark" in the order of its bytes
  EXPECT_FALSE(Holds("MarkMark"));
  EXPECT_FALSE(Holds("kraMkraM"));
  EXPECT_EQ(store->Newest()->hash, 0x4b72614d4b72614d);
}

TEST_F(SealedStore, MakesItsKeyFileOnceForItsOwner) {
  MustOpen();
  EXPECT_TRUE(told_.key_file_made);
  EXPECT_EQ(told_.key_file, folder_ + "/store.key");
  struct stat info{};
  ASSERT_EQ(stat(told_.key_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const std::string key = told_.key;
  MustOpen();
  EXPECT_FALSE(told_.key_file_made);
  EXPECT_EQ(told_.key, key);
}

TEST_F(SealedStore, NeverMakesAKeyFileInPlaceOfOneThatIsMissing) {
  Commit(*MustOpen(), {{SecretKey("cert"), "1"}});
  std::filesystem::rename(told_.key_file, told_.key_file + ".away");
  const absl::Status refused = Open().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(refused.message().find("sealed with key"), std::string::npos) << refused;
  EXPECT_NE(refused.message().find("restore it"), std::string::npos) << refused;
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/store.key"));
  std::filesystem::rename(folder_ + "/store.key.away", folder_ + "/store.key");
  EXPECT_EQ(MustOpen()->Objects(0)->at(0).bytes, "1");
}

TEST_F(SealedStore, NeverMakesANamedKeyFile) {
  const absl::Status refused = Open(folder_ + "/named.key").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(refused.message().find("openssl rand -base64 32 > " + folder_ + "/named.key"), std::string::npos)
      << refused;
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/store.key"));
}

TEST_F(SealedStore, RefusesToStartWithoutAKeyThatSomethingIsSealedWith) {
  Commit(*MustOpen(KeyFile("a", KeyOf('a'))), {{SecretKey("cert"), "1"}, {SecretKey("other"), "2"}});
  const std::string b = KeyFile("b", KeyOf('b'));
  // Two Secrets and the record of the generation.
  EXPECT_EQ(Open(b).status().message(), "in " + folder_ + "/store.db 3 values are sealed with key " + IdOf('a') +
                                            ", which is not in " + b +
                                            ": start with the key file that was used, or restore it");
  EXPECT_EQ(MustOpen(KeyFile("c", KeyOf('c') + KeyOf('a')))->Objects(0)->size(), 2u);
}

TEST_F(SealedStore, TellsThatTheUsualKeyFileHasTheKey) {
  Commit(*MustOpen(), {{SecretKey("cert"), "1"}});
  const std::string named = KeyFile("named", KeyOf('b'));
  const absl::Status refused = Open(named).status();
  EXPECT_NE(refused.message().find(folder_ + "/store.key has it: put its line below the first one of " + named),
            std::string::npos)
      << refused;
}

TEST_F(SealedStore, SealsAnewWithTheFirstKeyAndLeavesNothingThatTheOtherOpens) {
  const std::string keys = KeyFile("keys", KeyOf('a'));
  {
    std::unique_ptr<Store> store = MustOpen(keys);
    Commit(*store, {{SecretKey("cert"), "one"}});
    Commit(*store, {{SecretKey("cert"), "two"}});
    ASSERT_TRUE(store->PutRolloutState("ticket-keys", "tickets").ok());
  }
  EXPECT_EQ(told_.key, IdOf('a'));
  EXPECT_TRUE(Holds(HeaderOf('a')));
  KeyFile("keys", KeyOf('b') + KeyOf('a'));
  MustOpen(keys);
  EXPECT_EQ(told_.sealed_anew, 5u);  // two versions, two records, the tickets' keys
  EXPECT_EQ(told_.sealed_plain, 0u);
  EXPECT_EQ(told_.key, IdOf('b'));
  EXPECT_TRUE(Holds(HeaderOf('b')));
  EXPECT_FALSE(Holds(HeaderOf('a')));
  KeyFile("keys", KeyOf('b'));
  std::unique_ptr<Store> store = MustOpen(keys);
  EXPECT_EQ(told_.sealed_anew, 0u);
  EXPECT_EQ(store->Objects(1)->at(0).bytes, "one");
  EXPECT_EQ(store->Objects(2)->at(0).bytes, "two");
  EXPECT_EQ(store->RolloutState()->at(0).second, "tickets");
}

TEST_F(SealedStore, SealsAStoreOfSchemaOneAndLeavesNothingOfIt) {
  Sql(kSchema1);
  for (const char* mark : kMarks) EXPECT_TRUE(Holds(mark)) << mark;
  std::unique_ptr<Store> store = MustOpen();
  EXPECT_EQ(told_.sealed_plain, 3u);
  for (const char* mark : kMarks) EXPECT_FALSE(Holds(mark)) << mark;
  EXPECT_EQ(store->Objects(1)->at(0).bytes, "Mark-first");
  EXPECT_EQ(store->Objects(1)->size(), 3u);
  EXPECT_EQ(store->Objects(2)->at(0).bytes, "Mark-second");
  EXPECT_EQ(store->Objects(2)->at(1).bytes, "a backend");
  EXPECT_EQ(store->RolloutState()->at(0).second, "Mark-tickets");
  const GenerationRecord record = *store->Generation(1);
  EXPECT_EQ(record.hash, static_cast<uint64_t>(-2));
  EXPECT_EQ(record.request_digest, 77u);
  EXPECT_EQ(record.message, "first");
  EXPECT_EQ(record.result, "served 1/1");
  EXPECT_EQ((*store->FindRequest("r-1"))->id.number, 1u);
  Commit(*store, {{SecretKey("cert"), "third"}});
  store.reset();
  EXPECT_EQ(Sql("PRAGMA user_version"), "2");
  MustOpen();
  EXPECT_EQ(told_.sealed_plain, 0u);
}

TEST_F(SealedStore, FinishesAtTheNextStartWhatACrashLeftHalfDone) {
  Sql(kSchema1);
  MustOpen();
  // Sealed, but not yet without what was there before.
  Sql("PRAGMA secure_delete = OFF; PRAGMA user_version = 1; CREATE TABLE free(bytes); INSERT INTO free VALUES "
      "(CAST(printf('%.9000c', 'x') || "
      "'Mark-free' AS BLOB)); DROP TABLE free");
  EXPECT_TRUE(Holds("Mark-free"));
  std::unique_ptr<Store> store = MustOpen();
  EXPECT_EQ(told_.sealed_plain, 0u);
  EXPECT_FALSE(Holds("Mark-free"));
  EXPECT_EQ(store->Objects(2)->at(0).bytes, "Mark-second");
  store.reset();
  EXPECT_EQ(Sql("PRAGMA user_version"), "2");
}

TEST_F(SealedStore, SealsAllOrNothingWhenTheDiskIsFull) {
  Sql(kSchema1);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit full = before;
  full.rlim_cur = 4 << 10;
  setrlimit(RLIMIT_FSIZE, &full);
  EXPECT_FALSE(Open().ok());
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(Sql("SELECT bytes FROM versions WHERE name = 'cert' AND generation = 1"), "Mark-first");
  EXPECT_EQ(MustOpen()->Objects(1)->at(0).bytes, "Mark-first");
  EXPECT_FALSE(Holds("Mark-first"));
}

TEST_F(SealedStore, NoticesASecretThatWasChangedOrMovedOrPutThereInPlain) {
  for (const char* sql :
       {"UPDATE versions SET bytes = substr(bytes, 1, length(bytes) - 1) WHERE name = 'cert'",
        "UPDATE versions SET bytes = (SELECT bytes FROM versions WHERE name = 'other') WHERE name = 'cert'",
        "UPDATE versions SET bytes = (SELECT bytes FROM versions WHERE name = 'cert' AND generation = 1) "
        "WHERE name = 'cert' AND generation = 2",
        "UPDATE versions SET ns = 'elsewhere' WHERE name = 'cert'",
        "UPDATE versions SET bytes = 'plain' WHERE name = 'cert'"}) {
    SetUp();
    {
      std::unique_ptr<Store> store = MustOpen();
      Commit(*store, {{SecretKey("cert"), "one"}, {SecretKey("other"), "other"}});
      Commit(*store, {{SecretKey("cert"), "two"}});
    }
    Sql(sql);
    const absl::Status status = MustOpen()->Objects(2).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << sql;
    EXPECT_NE(status.message().find("/cert of generation 2: "), std::string::npos) << status;
    EXPECT_NE(status.message().find("backup"), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace penstock::store
