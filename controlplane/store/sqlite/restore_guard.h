// Notices two things that a database file cannot say of itself: that another process uses it, and that it was replaced
// by an older copy.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/store/store.h"

namespace penstock::store {

// Holds STATE_DIR/store.lock for as long as it lives. The kernel releases it when the process dies, however it dies.
class DirectoryLock {
 public:
  // Makes the folder (0700) if it is missing. kFailedPrecondition with the holder's pid if another process has it.
  static absl::StatusOr<DirectoryLock> Take(const std::string& state_dir);

  DirectoryLock(DirectoryLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}

  int fd_;
};

// STATE_DIR/store.newest: the newest generation that was acknowledged, beside the database and written after it, so it
// is never ahead of a database that was left alone. It is not synced: after a loss of power it may lag, which only
// means that a restore of that same moment goes unnoticed.
class Witness {
 public:
  static absl::StatusOr<Witness> Open(const std::string& state_dir);

  Witness(Witness&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Witness& operator=(Witness&&) = delete;
  ~Witness();

  // What was written last; {0, 0} for nothing or for something unreadable.
  GenerationId Read() const;
  void Write(GenerationId id);

 private:
  explicit Witness(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace penstock::store
