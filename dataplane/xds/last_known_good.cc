#include "dataplane/xds/last_known_good.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace penstock::xds {
namespace {

Status SystemError(std::string_view what, const std::string& path) {
  return absl::UnavailableError(StrCat(what, " ", path, ": ", std::strerror(errno)));
}

// A descriptor that closes itself.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return SystemError("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

StatusOr<std::string> ReadAll(const std::string& path) {
  File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return absl::NotFoundError(StrCat(path, " does not exist"));
  if (file.get() < 0) return SystemError("cannot open", path);
  std::string bytes;
  struct stat info{};
  if (fstat(file.get(), &info) == 0) bytes.reserve(static_cast<size_t>(info.st_size));
  char buffer[1 << 16];
  while (true) {
    ssize_t n = read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError("cannot read", path);
    if (n == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(n));
  }
}

// The names in a folder are on disk only after this.
Status SyncFolder(const std::string& dir) {
  File folder(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || fsync(folder.get()) != 0) return SystemError("cannot sync", dir);
  return absl::OkStatus();
}

Status MakeFolder(const std::string& dir) {
  if (mkdir(dir.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("cannot make the folder ", dir, ": ", std::strerror(errno), "; give a writable folder with --state-dir"));
}

StatusOr<int> Lock(const std::string& path) {
  File file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) {
    return absl::FailedPreconditionError(
        StrCat("cannot write ", path, ": ", std::strerror(errno), "; give a writable folder with --state-dir"));
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    char pid[32] = {};
    [[maybe_unused]] ssize_t n = read(file.get(), pid, sizeof pid - 1);
    return absl::FailedPreconditionError(StrCat("another process uses the folder of ", path, " (pid ", std::string(pid),
                                                "); give each data plane its own --state-dir"));
  }
  std::string pid = StrCat(getpid());
  if (ftruncate(file.get(), 0) != 0) return SystemError("cannot truncate", path);
  RETURN_IF_ERROR(WriteAll(file.get(), pid, path));
  return file.release();
}

}  // namespace

StatusOr<std::unique_ptr<LastKnownGood>> LastKnownGood::Open(std::string state_dir,
                                                             std::function<void(const Status&)> on_failure,
                                                             std::function<void()> on_recovery) {
  RETURN_IF_ERROR(MakeFolder(state_dir));
  ASSIGN_OR_RETURN(int lock_fd, Lock(state_dir + "/lock"));
  return std::unique_ptr<LastKnownGood>(
      new LastKnownGood(std::move(state_dir), lock_fd, std::move(on_failure), std::move(on_recovery)));
}

LastKnownGood::LastKnownGood(std::string state_dir, int lock_fd, std::function<void(const Status&)> on_failure,
                             std::function<void()> on_recovery)
    : dir_(std::move(state_dir)),
      path_(dir_ + "/last-known-good"),
      previous_path_(path_ + ".previous"),
      lock_fd_(lock_fd),
      on_failure_(std::move(on_failure)),
      on_recovery_(std::move(on_recovery)),
      thread_(&LastKnownGood::Run, this) {}

LastKnownGood::~LastKnownGood() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
  }
  changed_.SignalAll();
  thread_.join();
  if (fd_ >= 0) close(fd_);
  close(lock_fd_);
}

LastKnownGood::Loaded LastKnownGood::Load() {
  size_t file_bytes = 0;
  StatusOr<snapshot::GenerationLog> log = LoadFile(path_, file_bytes);
  if (log.ok()) {
    Status opened = OpenLog(log->valid_bytes);
    exists_ = opened.ok();
    std::string warning = opened.ok() ? "" : std::string(opened.message());
    if (file_bytes > log->valid_bytes) {
      warning = StrCat(path_, " ended in the middle of a change; the ", file_bytes - log->valid_bytes,
                       " bytes behind its last whole generation were cut off");
    }
    return {*std::move(log), std::move(warning)};
  }
  if (access(path_.c_str(), F_OK) != 0 && errno == ENOENT) {
    log = LoadFile(previous_path_, file_bytes);
    if (!log.ok()) return {};
  }
  // Damaged: kept aside for whoever wants to know, and never read again.
  std::string_view why =
      file_bytes == 0 && absl::IsNotFound(log.status()) ? "it is empty" : ToStd(log.status().message());
  std::string warning = StrCat(path_, " cannot be used: ", why);
  rename(path_.c_str(), (path_ + ".damaged").c_str());
  if (!log.ok()) log = LoadFile(previous_path_, file_bytes);
  if (!log.ok()) return {std::nullopt, StrCat(warning, "; there is no older generation, waiting for a control plane")};
  Status written = Rewrite(snapshot::EncodeGeneration(log->resources, log->generation), /*keep_previous=*/true);
  exists_ = written.ok();
  if (!written.ok()) warning += StrCat("; ", ToStd(written.message()));
  return {*std::move(log), StrCat(warning, "; the generation before it is used")};
}

StatusOr<snapshot::GenerationLog> LastKnownGood::LoadFile(const std::string& path, size_t& file_bytes) const {
  file_bytes = 0;
  ASSIGN_OR_RETURN(std::string bytes, ReadAll(path));
  file_bytes = bytes.size();
  return snapshot::DecodeGenerationLog(bytes);
}

// Opens the log for appending, without what lies behind VALID_BYTES.
Status LastKnownGood::OpenLog(size_t valid_bytes) {
  File file(open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (file.get() < 0) return SystemError("cannot open", path_);
  if (fchmod(file.get(), 0600) != 0 || ftruncate(file.get(), static_cast<off_t>(valid_bytes)) != 0) {
    return SystemError("cannot change", path_);
  }
  if (fd_ >= 0) close(fd_);
  fd_ = file.release();
  compact_bytes_ = valid_bytes;
  bytes_.store(valid_bytes, std::memory_order_relaxed);
  return absl::OkStatus();
}

void LastKnownGood::Append(const snapshot::Delta& delta) {
  if (!exists_) return Replace(delta.upserts, *delta.generation);
  Enqueue({snapshot::EncodeDelta(delta), false});
}

void LastKnownGood::AppendEndpoints(const std::vector<snapshot::Resource>& upserts,
                                    const std::vector<snapshot::ResourceName>& removals) {
  if (exists_) Enqueue({snapshot::EncodeEndpoints(upserts, removals), false});
}

void LastKnownGood::Replace(const std::vector<snapshot::Resource>& resources, const xds::v1::Generation& generation) {
  exists_ = true;
  Enqueue({snapshot::EncodeGeneration(resources, generation), true});
}

void LastKnownGood::Flush() {
  MutexLock lock(&mutex_);
  while (!jobs_.empty() || busy_) changed_.Wait(&mutex_);
}

void LastKnownGood::Enqueue(Job job) {
  MutexLock lock(&mutex_);
  if (job.replace) {
    jobs_.clear();  // it makes them superfluous
    queued_bytes_ = 0;
    overflowed_ = false;
  }
  if (overflowed_ || queued_bytes_ + job.bytes.size() > kMaxQueuedBytes) {
    overflowed_ = true;
    return;
  }
  queued_bytes_ += job.bytes.size();
  jobs_.push_back(std::move(job));
  changed_.SignalAll();
}

// Jobs are done in order; one that fails is tried again, because those behind it make no sense without it.
void LastKnownGood::Run() {
  while (std::optional<Job> job = NextJob()) {
    bool failing = std::exchange(failing_, false);
    Status status = Do(*job);
    if (!status.ok()) Failed(status);
    if (failing && !failing_ && on_recovery_ != nullptr) on_recovery_();
    if (!AfterJob(*std::move(job), status.ok())) return;
  }
}

// Waits for one; none when all are done and no more will come.
std::optional<LastKnownGood::Job> LastKnownGood::NextJob() {
  MutexLock lock(&mutex_);
  while (!stop_ && jobs_.empty()) changed_.Wait(&mutex_);
  if (jobs_.empty()) return std::nullopt;
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  queued_bytes_ -= job.bytes.size();
  busy_ = true;
  return job;
}

// Puts a job that failed back and waits a while, unless one came that replaces it. False: it is given up, to stop.
bool LastKnownGood::AfterJob(Job job, bool done) {
  MutexLock lock(&mutex_);
  busy_ = false;
  bool superseded = !jobs_.empty() && jobs_.front().replace;
  if (!done && !superseded && !stop_) {
    queued_bytes_ += job.bytes.size();
    jobs_.push_front(std::move(job));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(kRetrySeconds);
    while (!stop_ && !changed_.WaitFor(&mutex_, until - std::chrono::steady_clock::now())) {
    }
  }
  changed_.SignalAll();
  return done || !stop_;
}

Status LastKnownGood::Do(const Job& job) {
  if (job.replace) return Rewrite(job.bytes, /*keep_previous=*/false);
  RETURN_IF_ERROR(AppendBytes(job.bytes));
  size_t bytes = bytes_.load(std::memory_order_relaxed);
  if (bytes > kCompactAtLeastBytes && bytes > kCompactGrowth * compact_bytes_) return Compact();
  return absl::OkStatus();
}

Status LastKnownGood::AppendBytes(const std::string& bytes) {
  if (fd_ < 0) return absl::FailedPreconditionError(StrCat(path_, " is not open"));
  size_t before = bytes_.load(std::memory_order_relaxed);
  Status status = WriteAll(fd_, bytes, path_);
  if (status.ok() && fdatasync(fd_) != 0) status = SystemError("cannot sync", path_);
  if (!status.ok()) {
    // A part of a record must not stand before the next try.
    if (ftruncate(fd_, static_cast<off_t>(before)) != 0) return SystemError("cannot truncate", path_);
    return status;
  }
  bytes_.store(before + bytes.size(), std::memory_order_relaxed);
  return absl::OkStatus();
}

// The change that led here is on disk already: a failure costs only room.
Status LastKnownGood::Compact() {
  size_t file_bytes = 0;
  StatusOr<snapshot::GenerationLog> log = LoadFile(path_, file_bytes);
  Status status = log.ok() ? Rewrite(snapshot::EncodeGeneration(log->resources, log->generation), false) : log.status();
  if (!status.ok()) {
    compact_bytes_ = bytes_.load(std::memory_order_relaxed);  // the next try when it has doubled again
    Failed(Status(status.code(), StrCat("cannot compact: ", ToStd(status.message()))));
  }
  return absl::OkStatus();
}

void LastKnownGood::Failed(const Status& why) {
  failing_ = true;
  on_failure_(why);
}

// A new log with these bytes, at once or not at all. The old one becomes the previous one, unless that is to be kept.
Status LastKnownGood::Rewrite(const std::string& bytes, bool keep_previous) {
  std::string fresh = path_ + ".new";
  File file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0) return SystemError("cannot make", fresh);
  RETURN_IF_ERROR(WriteAll(file.get(), bytes, fresh));
  if (fsync(file.get()) != 0) return SystemError("cannot sync", fresh);
  if (!keep_previous) {
    std::string link_name = previous_path_ + ".new";
    unlink(link_name.c_str());
    if (link(path_.c_str(), link_name.c_str()) == 0) rename(link_name.c_str(), previous_path_.c_str());
  }
  if (rename(fresh.c_str(), path_.c_str()) != 0) return SystemError("cannot rename", fresh);
  RETURN_IF_ERROR(SyncFolder(dir_));
  return OpenLog(bytes.size());
}

}  // namespace penstock::xds
