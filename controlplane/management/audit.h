// Who changed what, when: one line of JSON per request that could have changed something.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dataplane/base/mutex.h"

namespace penstock::management {

struct AuditEntry {
  absl::Time time;
  std::string author;  // URI of the certificate
  std::string peer;    // "ipv4:127.0.0.1:40312"
  std::string verb;    // "apply", "delete", "rollback"
  std::string request_id;
  std::string message;
  bool dry_run = false;
  std::string outcome;      // "ok", "unchanged", "invalid", "conflict", "not found", "failed"
  uint64_t generation = 0;  // 0: none was made
  uint32_t objects = 0;     // changed
  std::string error;        // of the last two
};

// One line without its newline. No entry holds a secret: objects are counted, not told.
std::string AuditLine(const AuditEntry& entry);

// Appends to a file of mode 0600. Thread-safe. A line that cannot be written is counted and does not stop the request:
// the generation's record in the store names author and message as well.
class AuditLog {
 public:
  static absl::StatusOr<AuditLog> Open(const std::string& path);

  AuditLog(AuditLog&& other) noexcept : path_(other.path_), fd_(other.fd_) { other.fd_ = -1; }
  AuditLog& operator=(AuditLog&&) = delete;
  ~AuditLog();

  // Opens the file at the path anew, after somebody moved it away; on an error the old one stays.
  absl::Status Reopen();

  void Write(const AuditEntry& entry);
  uint64_t lost() const;

 private:
  AuditLog(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  const std::string path_;
  mutable Mutex mutex_;
  int fd_ ABSL_GUARDED_BY(mutex_);
  uint64_t lost_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace penstock::management
