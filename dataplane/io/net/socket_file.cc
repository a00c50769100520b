#include "dataplane/io/net/socket_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>

#include "dataplane/base/strings.h"

namespace penstock::io {
namespace {

// Others hold the folder's lock for some system calls only.
constexpr int kLockTries = 200;
constexpr Duration kLockPause = std::chrono::milliseconds(5);

// Between the look whether somebody listens and the bind nobody else may do the same: two processes would both replace
// the file of a dead one, and the first would listen at a file that is gone. A lock on the folder leaves nothing
// behind.
StatusOr<Fd> LockFolder(const std::string& path) {
  std::string folder = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, StrCat("folder ", folder));
  for (int i = 0; i < kLockTries; ++i) {
    if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
    if (errno != EWOULDBLOCK && errno != EINTR) break;
    std::this_thread::sleep_for(kLockPause);
  }
  return absl::UnavailableError(StrCat("folder ", folder, ": another process holds its lock"));
}

StatusOr<Fd> NewSocket() {
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "socket");
  return fd;
}

// "nginx (pid 812)", or "" if nobody can be seen.
std::string ProcessBehind(const Fd& connected) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(connected.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid == 0) return "";
  std::ifstream comm(StrCat("/proc/", peer.pid, "/comm"));
  std::string name;
  std::getline(comm, name);
  return StrCat(name.empty() ? "a process" : name, " (pid ", peer.pid, ")");
}

Status InUse(const std::string& by) {
  return absl::AlreadyExistsError(
      StrCat("already in use", by.empty() ? "" : StrCat(" by ", by), "; stop it or choose another path"));
}

// Makes way for a new socket at ADDRESS, whose file is PATH.
Status ReplaceDead(const SocketAddress& address, const std::string& path) {
  struct stat there{};
  if (lstat(path.c_str(), &there) != 0) {
    return errno == ENOENT ? absl::OkStatus() : absl::ErrnoToStatus(errno, "look for its file");
  }
  if (!S_ISSOCK(there.st_mode)) return absl::FailedPreconditionError("there is a file that is no socket");
  ASSIGN_OR_RETURN(Fd probe, NewSocket());
  if (connect(probe.get(), address.raw(), address.raw_length()) == 0) return InUse(ProcessBehind(probe));
  // A full accept queue (EAGAIN) has somebody behind it, too.
  if (errno == EAGAIN) return InUse("");
  if (errno != ECONNREFUSED) return absl::ErrnoToStatus(errno, "see whether somebody listens");
  if (unlink(path.c_str()) != 0) return absl::ErrnoToStatus(errno, "replace the socket of a dead process");
  return absl::OkStatus();
}

StatusOr<UnixListening> Bind(const SocketAddress& address, const std::string& path, int backlog) {
  UnixListening listening;
  ASSIGN_OR_RETURN(listening.socket, NewSocket());
  // The file begins with the socket's mode, less the umask; only then may others come.
  constexpr mode_t kOwner = 0600;
  if (fchmod(listening.socket.get(), kOwner) != 0) return absl::ErrnoToStatus(errno, "fchmod");
  if (bind(listening.socket.get(), address.raw(), address.raw_length()) != 0) return absl::ErrnoToStatus(errno, "bind");
  struct stat made{};
  if (lstat(path.c_str(), &made) != 0) return absl::ErrnoToStatus(errno, "look at its file");
  listening.file = std::make_unique<SocketFile>(path, made.st_dev, made.st_ino);
  if (listen(listening.socket.get(), backlog) != 0) return absl::ErrnoToStatus(errno, "listen");
  if (fchmodat(AT_FDCWD, path.c_str(), kSocketMode, AT_SYMLINK_NOFOLLOW) != 0)
    return absl::ErrnoToStatus(errno, "chmod of its file");
  return listening;
}

}  // namespace

void SocketFile::Remove() {
  if (removed_.exchange(true)) return;
  struct stat there{};
  bool ours = lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_;
  if (ours) unlink(path_.c_str());
}

StatusOr<UnixListening> ListenUnix(std::string_view path, const ListenOptions& options) {
  ASSIGN_OR_RETURN(SocketAddress address, SocketAddress::Unix(path));
  std::string file(path);
  ASSIGN_OR_RETURN(Fd lock, LockFolder(file));
  RETURN_IF_ERROR(ReplaceDead(address, file));
  return Bind(address, file, options.backlog);
}

StatusOr<Fd> Duplicate(const Fd& socket) {
  Fd copy(fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return absl::ErrnoToStatus(errno, "dup");
  return copy;
}

}  // namespace penstock::io
