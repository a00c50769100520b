#include "controlplane/store/sqlite/database.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "controlplane/store/sqlite/disk_error.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::store {

absl::Status SqliteStatus(int extended_code, std::string_view detail, std::string_view path) {
  return DiskError(extended_code, detail, path, SpaceAt(std::string(path)));
}

absl::StatusOr<Database> Database::Open(const std::string& path) {
  // SQLite gives the -wal and -shm files the mode of the database, so only this one has to be made by hand.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return OpenError(path, errno);
  ::close(fd);
  Database database;
  database.path_ = std::make_unique<const std::string>(path);
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  database.connection_.reset(connection);
  if (code != SQLITE_OK) {
    return SqliteStatus(code, connection == nullptr ? "out of memory" : sqlite3_errmsg(connection), path);
  }
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, 2000);
  return database;
}

absl::Status Database::Execute(const char* sql) {
  const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return SqliteStatus(code, sqlite3_errmsg(connection_.get()), *path_);
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return SqliteStatus(code, sqlite3_errmsg(connection_.get()), *path_);
  Statement statement;
  statement.statement_.reset(raw);
  statement.path_ = *path_;
  return statement;
}

absl::StatusOr<uint64_t> Database::QueryNumber(std::string_view sql) {
  ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  ASSIGN_OR_RETURN(bool row, statement.Step());
  return row ? statement.Number(0) : 0;
}

absl::StatusOr<std::string> Database::QueryText(std::string_view sql) {
  ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  ASSIGN_OR_RETURN(bool row, statement.Step());
  return row ? statement.Text(0) : "";
}

void Database::RollbackIfOpen() {
  if (sqlite3_get_autocommit(connection_.get()) == 0) {
    sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

bool Database::SyncFailed() const {
  const int code = sqlite3_extended_errcode(connection_.get());
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

void Statement::Bind(int position, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), position, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::Bind(int position, uint64_t number) {
  sqlite3_bind_int64(statement_.get(), position, static_cast<sqlite3_int64>(number));
}

void Statement::BindBlob(int position, std::string_view bytes) {
  // A null pointer would bind NULL, and NULL means "deleted".
  sqlite3_bind_blob64(statement_.get(), position, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                      SQLITE_TRANSIENT);
}

void Statement::BindNull(int position) { sqlite3_bind_null(statement_.get(), position); }

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteStatus(code, sqlite3_errmsg(sqlite3_db_handle(statement_.get())), path_);
}

absl::Status Statement::Run() {
  absl::StatusOr<bool> row = Step();
  if (row.ok()) Reset();
  // After an error Reset would overwrite what SyncFailed() reads.
  return row.status();
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

uint64_t Statement::Number(int column) const {
  return static_cast<uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

std::string Statement::Text(int column) const { return Blob(column); }

std::string Statement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr || size <= 0) return "";
  return std::string(static_cast<const char*>(data), static_cast<size_t>(size));
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

}  // namespace penstock::store
