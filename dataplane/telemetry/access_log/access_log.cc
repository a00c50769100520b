#include "dataplane/telemetry/access_log/access_log.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

#include "dataplane/base/status.h"

namespace penstock::telemetry {
namespace {

// Never blocking, so that a pipe that nobody reads cannot hold up the end of the process. Standard output is opened
// anew, because O_NONBLOCK would be seen by everybody who shares it; a socket cannot be opened and is shared as it is.
int OpenDescriptor(const std::string& path, int mode) {
  if (path == "-") {
    int fd = open("/proc/self/fd/1", O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  }
  int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, mode);
  if (fd >= 0) fcntl(fd, F_SETFL, O_WRONLY | O_APPEND | O_NONBLOCK);
  return fd;
}

StatusOr<int> OpenFile(const std::string& path, const LogKind& kind) {
  int fd = OpenDescriptor(path, kind.mode);
  if (fd >= 0) return fd;
  return absl::FailedPreconditionError(StrCat("cannot open the ", kind.name, " ", path, ": ", std::strerror(errno),
                                              "; give a writable path with ", kind.flag, ", or - for standard output"));
}

// Nobody moved the file away: what is in it stays in front of what comes.
bool SameFile(int a, int b) {
  struct stat info_a{}, info_b{};
  if (fstat(a, &info_a) != 0 || fstat(b, &info_b) != 0) return false;
  return info_a.st_dev == info_b.st_dev && info_a.st_ino == info_b.st_ino;
}

// What is left of the line that READABLE starts within, its newline included.
size_t RestOfLine(const AccessLogRing::Readable& readable) {
  size_t end = readable.first.find('\n');
  if (end != std::string_view::npos) return end + 1;
  return readable.first.size() + readable.second.find('\n') + 1;
}

char LastOf(const AccessLogRing::Readable& readable, size_t bytes) {
  bool wrapped = bytes > readable.first.size();
  return wrapped ? readable.second[bytes - readable.first.size() - 1] : readable.first[bytes - 1];
}

void Wake(std::atomic<uint32_t>& sleeping) {
  sleeping.store(0, std::memory_order_relaxed);
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&sleeping), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace

void AccessLogWriter::Push(size_t length, Counter& lines, Counter& drops) noexcept {
  if (!ring_.Push({line_.data(), length})) {
    drops.Add();
    return;
  }
  lines.Add();
  // 1: asleep until something comes; 2: pausing between rounds. A wake-up that is missed costs at most kIdleWaitMs.
  uint32_t sleeping = sleeping_.load(std::memory_order_relaxed);
  if (sleeping == 1 || (sleeping == 2 && ring_.MoreThanHalfFull())) Wake(sleeping_);
}

StatusOr<std::unique_ptr<AccessLog>> AccessLog::Open(Options options, Registry& registry) {
  if (options.path.empty()) return std::unique_ptr<AccessLog>(new AccessLog(std::move(options), registry, -1));
  ASSIGN_OR_RETURN(int fd, OpenFile(options.path, *options.kind));
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(options), registry, fd));
}

AccessLog::AccessLog(Options options, Registry& registry, int fd)
    : options_(std::move(options)), kind_(*options_.kind), registry_(registry), process_(registry.process()), fd_(fd) {
  if (fd_ < 0) return;
  for (int i = 0; i < registry.workers(); ++i) {
    rings_.push_back(std::make_unique<AccessLogRing>(options_.ring_bytes));
    writers_.push_back(std::make_unique<AccessLogWriter>(*rings_.back(), sleeping_, registry.worker(i)));
  }
  thread_ = std::thread(&AccessLog::Run, this);
}

AccessLog::~AccessLog() {
  if (!thread_.joinable()) return;
  stop_.store(true);
  Wake(sleeping_);
  thread_.join();
  close(fd_);
}

void AccessLog::Reopen() {
  if (!thread_.joinable()) return;
  reopen_.store(true);
  Wake(sleeping_);
}

void AccessLog::Run() {
  auto give_up = std::chrono::steady_clock::time_point::max();
  while (true) {
    if (stop_.load() && give_up == std::chrono::steady_clock::time_point::max()) {
      give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(kFlushTimeoutMs);
    }
    if (reopen_.exchange(false)) ReopenNow();
    size_t written = 0;
    bool good = WriteRound(written);
    if (stop_.load() && (Empty() || std::chrono::steady_clock::now() > give_up)) return;
    if (good && written > 0) Worked();
    if (!good) {
      CountFailure();
      Failed();
      pollfd writable{fd_, POLLOUT, 0};
      poll(&writable, 1, kRetryWaitMs);           // a pipe whose reader is slow
      if (writable.revents != 0) usleep(10'000);  // a full disk, or a reader that is gone, is always "writable"
    } else if (!stop_.load()) {
      Wait(written > 0 ? kBusyWaitMs : kIdleWaitMs);
    }
  }
}

// Everything that is queued now; false if the file took less.
bool AccessLog::WriteRound(size_t& written) {
  if (torn_ != nullptr) {
    AccessLogRing& ring = *torn_;
    size_t bytes = ring.Peek().size();
    if (!WriteSome(ring, bytes)) return false;
    written += bytes;
  }
  for (const std::unique_ptr<AccessLogRing>& ring : rings_) {
    size_t bytes = ring->Peek().size();
    if (bytes == 0) continue;
    if (!WriteSome(*ring, bytes)) return false;
    written += bytes;
  }
  return true;
}

// Writes the first BYTES of RING, which end a line, and takes them out; false if the file took less, and then `torn_`
// is set if it ends within a line.
bool AccessLog::WriteSome(AccessLogRing& ring, size_t bytes) {
  while (bytes > 0) {
    AccessLogRing::Readable readable = ring.Peek();
    iovec pieces[2] = {{const_cast<char*>(readable.first.data()), std::min(readable.first.size(), bytes)},
                       {const_cast<char*>(readable.second.data()), 0}};
    pieces[1].iov_len = bytes - pieces[0].iov_len;
    ssize_t n = writev(fd_, pieces, pieces[1].iov_len > 0 ? 2 : 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      error_ = n < 0 ? errno : ENOSPC;
      return false;
    }
    (process_.*kind_.bytes).Add(static_cast<uint64_t>(n));
    torn_ = LastOf(readable, static_cast<size_t>(n)) != '\n' ? &ring : nullptr;
    ring.Consume(static_cast<size_t>(n));
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

void AccessLog::ReopenNow() {
  if (options_.path == "-") return;
  StatusOr<int> fd = OpenFile(options_.path, kind_);
  if (!fd.ok()) {
    CountFailure();
    reopening_.Failed(std::chrono::steady_clock::now(), {{"why", std::string(fd.status().message())}});
    return;
  }
  if (!SameFile(fd_, *fd)) EndTornLine();
  close(fd_);
  fd_ = *fd;
  reopening_.Worked({{"path", options_.path}});
}

// The old file gets one chance more to take the rest of its last line. On a full disk it has no room, and holding on to
// it would keep the very space that its removal shall free; so the rest is lost, and the new file begins with a line.
void AccessLog::EndTornLine() {
  if (torn_ == nullptr) return;
  AccessLogRing& ring = *torn_;
  if (WriteSome(ring, RestOfLine(ring.Peek()))) return;
  if (torn_ != nullptr) ring.Consume(RestOfLine(ring.Peek()));
  torn_ = nullptr;
  CountFailure();
  ++cut_lines_;
}

// A reader that is only slow is no trouble before lines are lost.
void AccessLog::Failed() {
  if (error_ == EAGAIN && CountDrops() == drops_) return;
  writing_.Failed(std::chrono::steady_clock::now(), {{"path", options_.path}, {"why", std::strerror(error_)}});
}

void AccessLog::Worked() {
  uint64_t drops = CountDrops();
  writing_.Worked({{"path", options_.path}, {"lost_lines", StrCat(drops - drops_)}});
  drops_ = drops;
}

uint64_t AccessLog::CountDrops() const {
  uint64_t drops = cut_lines_;
  for (int i = 0; i < registry_.workers(); ++i) drops += (registry_.worker(i).*kind_.drops).Read();
  return drops;
}

void AccessLog::Wait(int timeout_ms) {
  uint32_t state = timeout_ms == kIdleWaitMs ? 1 : 2;
  sleeping_.store(state, std::memory_order_seq_cst);
  if (state == 1 && !Empty()) {
    sleeping_.store(0, std::memory_order_relaxed);
    return;
  }
  if (stop_.load() || reopen_.load()) {
    sleeping_.store(0, std::memory_order_relaxed);
    return;
  }
  timespec timeout{timeout_ms / 1000, timeout_ms % 1000 * 1'000'000L};
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&sleeping_), FUTEX_WAIT_PRIVATE, state, &timeout, nullptr, 0);
  sleeping_.store(0, std::memory_order_relaxed);
}

bool AccessLog::Empty() const {
  for (const std::unique_ptr<AccessLogRing>& ring : rings_) {
    if (ring->Peek().size() > 0) return false;
  }
  return true;
}

}  // namespace penstock::telemetry
