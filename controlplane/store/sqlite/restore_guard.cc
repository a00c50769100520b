#include "controlplane/store/sqlite/restore_guard.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "controlplane/store/sqlite/disk_error.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::store {
namespace {

constexpr size_t kMaxLineBytes = 64;

absl::StatusOr<int> OpenFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) return fd;
  return OpenError(path, errno);
}

std::string ReadLine(int fd) {
  char buffer[kMaxLineBytes];
  const ssize_t size = ::pread(fd, buffer, sizeof(buffer), 0);
  if (size <= 0) return "";
  return std::string(absl::StripAsciiWhitespace(absl::string_view(buffer, static_cast<size_t>(size))));
}

// One write of fixed size replaces the whole line, so that a reader never sees half of two.
void WriteLine(int fd, std::string_view text) {
  const std::string line = absl::StrFormat("%-*s\n", static_cast<int>(kMaxLineBytes) - 1, text);
  [[maybe_unused]] const ssize_t size = ::pwrite(fd, line.data(), line.size(), 0);
}

}  // namespace

absl::StatusOr<DirectoryLock> DirectoryLock::Take(const std::string& state_dir) {
  if (::mkdir(state_dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::UnavailableError(
        StrCat("cannot make the folder ", state_dir, ": ", std::strerror(errno), ": check --state-dir"));
  }
  ASSIGN_OR_RETURN(int fd, OpenFile(state_dir + "/store.lock"));
  DirectoryLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = ReadLine(fd);
    return absl::FailedPreconditionError(StrCat("another control plane",
                                                holder.empty() ? "" : StrCat(" (pid ", holder, ")"), " uses ",
                                                state_dir, ": stop it first, or give this one another --state-dir"));
  }
  WriteLine(fd, StrCat(::getpid()));
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<Witness> Witness::Open(const std::string& state_dir) {
  ASSIGN_OR_RETURN(int fd, OpenFile(state_dir + "/store.newest"));
  return Witness(fd);
}

Witness::~Witness() {
  if (fd_ >= 0) ::close(fd_);
}

GenerationId Witness::Read() const {
  const std::vector<std::string> parts = absl::StrSplit(ReadLine(fd_), '.');
  GenerationId id;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &id.epoch) || !absl::SimpleAtoi(parts[1], &id.number)) return {};
  return id;
}

void Witness::Write(GenerationId id) { WriteLine(fd_, StrCat(id.epoch, ".", id.number)); }

}  // namespace penstock::store
