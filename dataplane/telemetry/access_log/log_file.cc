#include "dataplane/telemetry/access_log/log_file.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dataplane/base/status.h"

namespace penstock::telemetry {
namespace {

// O_NONBLOCK in open(2) already, which waits for the reader of a pipe otherwise.
constexpr int kOpenFlags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

bool IsPipe(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
}

Status CannotOpen(const std::string& path, const LogKind& kind, int error) {
  bool unread = error == ENXIO && IsPipe(path);
  return absl::FailedPreconditionError(
      StrCat("cannot open the ", kind.name, " ", path, ": ",
             unread ? "nobody reads this pipe; start its reader first, or " : StrCat(std::strerror(error), "; "),
             "give a writable path with ", kind.flag, ", or - for standard output"));
}

}  // namespace

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  LogFile old(std::move(*this));  // closed at the end
  fd_ = std::exchange(other.fd_, -1);
  writing_ = other.writing_;
  return *this;
}

LogFile::~LogFile() {
  if (fd_ >= 0) close(fd_);
}

// Standard output is opened anew, because O_NONBLOCK would be seen by everybody who shares it; what cannot be opened
// (a socket, a pipe of another user) is shared as it is.
StatusOr<LogFile> LogFile::Open(const std::string& path, const LogKind& kind) {
  bool standard_output = path == "-";
  int fd = standard_output ? open("/proc/self/fd/1", kOpenFlags) : open(path.c_str(), kOpenFlags | O_CREAT, kind.mode);
  if (fd >= 0) return LogFile(fd, Writing::kAsIs);
  if (standard_output) fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (fd >= 0) return Shared(fd);
  return CannotOpen(path, kind, errno);
}

LogFile LogFile::Shared(int fd) {
  struct stat info{};
  fstat(fd, &info);
  if (S_ISREG(info.st_mode)) return {fd, Writing::kAsIs};
  return {fd, S_ISSOCK(info.st_mode) ? Writing::kSend : Writing::kAskFirst};
}

ssize_t LogFile::Write(std::span<const iovec> pieces) const {
  if (writing_ == Writing::kAsIs) return writev(fd_, pieces.data(), static_cast<int>(pieces.size()));
  if (writing_ == Writing::kSend) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    return sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  // A pipe that poll(2) calls writable has room for PIPE_BUF bytes.
  if (!WaitForRoom(0)) {
    errno = EAGAIN;
    return -1;
  }
  return write(fd_, pieces[0].iov_base, std::min<size_t>(pieces[0].iov_len, PIPE_BUF));
}

bool LogFile::WaitForRoom(int timeout_ms) const {
  pollfd writable{fd_, POLLOUT, 0};
  return poll(&writable, 1, timeout_ms) > 0;
}

bool LogFile::IsSameAs(const LogFile& other) const {
  struct stat mine{}, theirs{};
  if (fstat(fd_, &mine) != 0 || fstat(other.fd_, &theirs) != 0) return false;
  return mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino;
}

}  // namespace penstock::telemetry
