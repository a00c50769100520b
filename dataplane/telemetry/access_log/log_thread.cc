#include "dataplane/telemetry/access_log/log_thread.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <span>

#include "dataplane/base/status.h"

namespace penstock::telemetry {
namespace {

TimePoint Now() { return std::chrono::steady_clock::now(); }

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

uint64_t LinesIn(std::string_view text) { return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace

void Wake(std::atomic<uint32_t>& sleeping) {
  sleeping.store(0, std::memory_order_relaxed);
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&sleeping), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

LogThread::LogThread(Options options, Registry& registry, LogFile file)
    : options_(std::move(options)),
      kind_(*options_.kind),
      registry_(registry),
      process_(registry.process()),
      file_(std::move(file)) {
  for (int i = 0; i < registry.workers(); ++i) {
    rings_.push_back(std::make_unique<AccessLogRing>(options_.ring_bytes));
  }
  thread_ = std::thread(&LogThread::Run, this);
}

void LogThread::Reopen() {
  reopen_.store(true);
  Wake(sleeping_);
}

bool LogThread::Finish() {
  stop_.store(true);
  Wake(sleeping_);
  bool ended = EndsWithin(std::chrono::milliseconds(kFlushTimeoutMs + kHangMs));
  while (!ended && !calls_.Leave()) ended = EndsWithin(std::chrono::milliseconds(10));
  uint64_t lost = CountQueuedLines();
  if (lost > 0 && options_.log != nullptr) {
    options_.log->Error(kind_.name, kind_.cut_off, {{"path", options_.path}, {"lost_lines", StrCat(lost)}});
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return ended;
}

bool LogThread::EndsWithin(Duration duration) {
  TimePoint until = Now() + duration;
  MutexLock lock(&mutex_);
  while (!ended_ && Now() < until) ended_changed_.WaitFor(&mutex_, until - Now());
  return ended_;
}

void LogThread::Run() {
  WriteUntilTheEnd();
  calls_.Make([&] {
    file_ = LogFile();
    return true;
  });
  MutexLock lock(&mutex_);
  ended_ = true;
  ended_changed_.Signal();
}

void LogThread::WriteUntilTheEnd() {
  TimePoint give_up = TimePoint::max();
  while (true) {
    if (stop_.load() && give_up == TimePoint::max()) give_up = Now() + std::chrono::milliseconds(kFlushTimeoutMs);
    if (WantsReopen()) ReopenNow();
    size_t written = 0;
    bool good = WriteRound(written);
    if (stop_.load() && (Empty() || Now() > give_up)) return;
    if (good && written > 0) Worked();
    if (!good) {
      CountFailure();
      Failed();
      bool ready = file_.WaitForRoom(kRetryWaitMs);  // a pipe whose reader is slow
      if (ready) usleep(10'000);                     // a full disk, or a reader that is gone, always has "room"
    } else if (!stop_.load()) {
      Wait(written > 0 ? kBusyWaitMs : kIdleWaitMs);
    }
  }
}

// Everything that is queued now; false if the file took less.
bool LogThread::WriteRound(size_t& written) {
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
bool LogThread::WriteSome(AccessLogRing& ring, size_t bytes) {
  while (bytes > 0) {
    AccessLogRing::Readable readable = ring.Peek();
    iovec pieces[2] = {{const_cast<char*>(readable.first.data()), std::min(readable.first.size(), bytes)},
                       {const_cast<char*>(readable.second.data()), 0}};
    pieces[1].iov_len = bytes - pieces[0].iov_len;
    size_t count = pieces[1].iov_len > 0 ? 2 : 1;
    ssize_t n = calls_.Make([&] { return file_.Write(std::span(pieces, count)); });
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

bool LogThread::WantsReopen() {
  bool again = reopen_again_ != TimePoint() && Now() >= reopen_again_;
  return reopen_.exchange(false) || again;
}

void LogThread::ReopenNow() {
  if (options_.path == "-") return;
  StatusOr<LogFile> file = calls_.Make([&] { return LogFile::Open(options_.path, kind_); });
  if (!file.ok()) {
    CountFailure();
    reopen_again_ = Now() + kReopenEvery;
    reopening_.Failed(Now(), {{"why", std::string(file.status().message())}});
    return;
  }
  bool same = calls_.Make([&] { return file_.IsSameAs(*file); });
  if (!same) EndTornLine();
  calls_.Make([&] {
    file_ = *std::move(file);
    return true;
  });
  reopen_again_ = TimePoint();
  reopening_.Worked({{"path", options_.path}});
}

// The old file gets one chance more to take the rest of its last line. On a full disk it has no room, and holding on to
// it would keep the very space that its removal shall free; so the rest is lost, and the new file begins with a line.
void LogThread::EndTornLine() {
  if (torn_ == nullptr) return;
  AccessLogRing& ring = *torn_;
  if (WriteSome(ring, RestOfLine(ring.Peek()))) return;
  if (torn_ != nullptr) ring.Consume(RestOfLine(ring.Peek()));
  torn_ = nullptr;
  CountFailure();
  ++cut_lines_;
}

// A reader that is only slow is no trouble before lines are lost.
void LogThread::Failed() {
  if (error_ == EAGAIN && CountDrops() == drops_) return;
  writing_.Failed(Now(), {{"path", options_.path}, {"why", std::strerror(error_)}});
}

void LogThread::Worked() {
  uint64_t drops = CountDrops();
  writing_.Worked({{"path", options_.path}, {"lost_lines", StrCat(drops - drops_)}});
  drops_ = drops;
}

uint64_t LogThread::CountDrops() const {
  uint64_t drops = cut_lines_;
  for (int i = 0; i < registry_.workers(); ++i) drops += (registry_.worker(i).*kind_.drops).Read();
  return drops;
}

uint64_t LogThread::CountQueuedLines() const {
  uint64_t lines = 0;
  for (const std::unique_ptr<AccessLogRing>& ring : rings_) {
    AccessLogRing::Readable readable = ring->Peek();
    lines += LinesIn(readable.first) + LinesIn(readable.second);
  }
  return lines;
}

void LogThread::Wait(int timeout_ms) {
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

bool LogThread::Empty() const {
  for (const std::unique_ptr<AccessLogRing>& ring : rings_) {
    if (ring->Peek().size() > 0) return false;
  }
  return true;
}

}  // namespace penstock::telemetry
