// Where the lines of a log go: a file, a pipe, a terminal, a socket. Nothing here waits for somebody who reads.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "dataplane/telemetry/access_log/log_kind.h"

namespace penstock::telemetry {

class LogFile {
 public:
  LogFile() = default;  // none
  LogFile(LogFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), writing_(other.writing_) {}
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  // Opens PATH to append, makes it with the mode of KIND if there is none; "-" is standard output. A pipe needs its
  // reader first. The error says what to do.
  static absl::StatusOr<LogFile> Open(const std::string& path, const LogKind& kind);
  // Takes FD, whose description others have, too: its flags are left alone, because they would see them.
  static LogFile Shared(int fd);

  // As writev(2) of a descriptor that does not block: EAGAIN if there is no room now.
  ssize_t Write(std::span<const iovec> pieces) const;
  // Returns when there is room, or nobody will ever make any (true), or after the time (false).
  bool WaitForRoom(int timeout_ms) const;
  // Nobody moved the file away: what is in it stays in front of what comes.
  bool IsSameAs(const LogFile& other) const;

 private:
  enum class Writing : uint8_t { kAsIs, kSend, kAskFirst };

  LogFile(int fd, Writing writing) : fd_(fd), writing_(writing) {}

  int fd_ = -1;
  Writing writing_ = Writing::kAsIs;
};

}  // namespace penstock::telemetry
