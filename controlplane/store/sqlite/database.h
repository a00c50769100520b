// SQLite with ownership in the types and errors as values. Not thread-safe: the store that owns the connection
// serialises.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace penstock::store {

// DiskError() with what the file system of `path` has left.
absl::Status SqliteStatus(int extended_code, std::string_view detail, std::string_view path);

// One prepared statement: bind, step until no row is left, reset. Positions count from 1 for binds, from 0 for columns.
class Statement {
 public:
  Statement() = default;

  void Bind(int position, std::string_view text);
  void Bind(int position, uint64_t number);
  void BindBlob(int position, std::string_view bytes);
  void BindNull(int position);

  // True: a row is there to be read. False: done.
  absl::StatusOr<bool> Step();
  // For statements without rows. Resets.
  absl::Status Run();
  // Ready for the next binds. A statement that stays stepped keeps its read transaction open.
  void Reset();

  uint64_t Number(int column) const;
  std::string Text(int column) const;
  std::string Blob(int column) const;
  bool IsNull(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string_view path_;
};

class Database {
 public:
  // Opens or creates the file with mode 0600.
  static absl::StatusOr<Database> Open(const std::string& path);

  absl::Status Execute(const char* sql);
  // The statement must not outlive the database.
  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // The only column of the only row of `sql`.
  absl::StatusOr<uint64_t> QueryNumber(std::string_view sql);
  absl::StatusOr<std::string> QueryText(std::string_view sql);

  const std::string& path() const { return *path_; }

  // Rolls a transaction back that is still open; nothing to do otherwise.
  void RollbackIfOpen();
  // True after an error of fsync: what the kernel says it wrote can no longer be believed.
  bool SyncFailed() const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };

  std::unique_ptr<sqlite3, Close> connection_;
  std::unique_ptr<const std::string> path_;  // statements keep a view of it
};

}  // namespace penstock::store
