#include "dataplane/telemetry/access_log/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/base/mutex.h"

namespace penstock::telemetry {
namespace {

std::string FreshPath(const char* name) {
  std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/" + name;
  unlink(path.c_str());
  return path;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int64_t Lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

AccessLogEntry Get(std::string_view path) {
  AccessLogEntry entry;
  entry.method = "GET";
  entry.path = path;
  return entry;
}

TEST(AccessLogRing, RefusesALineThatDoesNotFitAndTakesTheNextOneAfterRoomWasMade) {
  AccessLogRing ring(16);
  EXPECT_TRUE(ring.Push("0123456789"));
  EXPECT_FALSE(ring.Push("0123456"));
  ring.Consume(8);
  EXPECT_TRUE(ring.Push("abcdefghijklmn"));
  AccessLogRing::Readable readable = ring.Peek();
  EXPECT_EQ(std::string(readable.first) + std::string(readable.second), "89abcdefghijklmn");
}

TEST(AccessLog, WritesTheLinesOfEveryWorker) {
  std::string path = FreshPath("all.log");
  Registry registry({3, 10, {}});
  {
    auto log = AccessLog::Open({path}, registry);
    ASSERT_TRUE(log.ok()) << log.status();
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 3; ++worker) {
      workers.emplace_back([&log, worker] {
        for (int i = 0; i < 1000; ++i) (*log)->writer(worker)->Write(Get("/x"));
      });
    }
    for (std::thread& worker : workers) worker.join();
  }
  std::string text = ReadFile(path);
  uint64_t written = 0;
  for (int worker = 0; worker < 3; ++worker) written += registry.worker(worker).log_lines.Read();
  EXPECT_EQ(Lines(text), static_cast<int64_t>(written));
  EXPECT_EQ(written + registry.worker(0).log_drops.Read(), 3000u);
  EXPECT_EQ(registry.process().log_bytes.Read(), text.size());
}

TEST(AccessLog, IsReadableByItsGroupOnly) {
  std::string path = FreshPath("mode.log");
  Registry registry({1, 10, {}});
  auto log = AccessLog::Open({path}, registry);
  struct stat info{};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07137, 0u);
}

TEST(AccessLog, GoesOnInANewFileAfterReopen) {
  std::string path = FreshPath("rotate.log");
  std::string old = path + ".1";
  Registry registry({1, 10, {}});
  auto log = AccessLog::Open({path}, registry);
  (*log)->writer(0)->Write(Get("/before"));
  while (registry.process().log_bytes.Read() == 0) std::this_thread::yield();
  ASSERT_EQ(rename(path.c_str(), old.c_str()), 0);
  (*log)->Reopen();
  while (access(path.c_str(), F_OK) != 0) std::this_thread::yield();
  (*log)->writer(0)->Write(Get("/after"));
  log->reset();
  EXPECT_NE(ReadFile(old).find("/before"), std::string::npos);
  EXPECT_EQ(ReadFile(old).find("/after"), std::string::npos);
  EXPECT_NE(ReadFile(path).find("/after"), std::string::npos);
}

TEST(AccessLog, DropsAndCountsWhenNobodyReadsAndTearsNoLine) {
  std::string path = FreshPath("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  Registry registry({1, 10, {}});
  std::string text;
  {
    auto log = AccessLog::Open({path, 64 << 10}, registry);
    ASSERT_TRUE(log.ok()) << log.status();
    for (int i = 0; i < 5000; ++i) (*log)->writer(0)->Write(Get("/stuck"));
    EXPECT_GT(registry.worker(0).log_drops.Read(), 0u);
    fcntl(reader, F_SETFL, 0);  // from now on somebody reads
    std::thread stop([&log] { log->reset(); });
    char buffer[65536];
    for (ssize_t n; (n = read(reader, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
    stop.join();
  }
  close(reader);
  EXPECT_EQ(Lines(text), static_cast<int64_t>(registry.worker(0).log_lines.Read()));
  EXPECT_EQ(registry.worker(0).log_lines.Read() + registry.worker(0).log_drops.Read(), 5000u);
  EXPECT_EQ(text.back(), '\n');
}

TEST(AccessLog, CountsFailuresOfAFullDisk) {
  Registry registry({1, 10, {}});
  auto log = AccessLog::Open({"/dev/full"}, registry);
  ASSERT_TRUE(log.ok()) << log.status();
  (*log)->writer(0)->Write(Get("/"));
  while (registry.process().log_write_failures.Read() == 0) std::this_thread::yield();
  EXPECT_EQ(registry.process().log_bytes.Read(), 0u);
}

// What the process log was told.
class Told {
 public:
  bool Has(std::string_view text) {
    MutexLock lock(&mutex_);
    return lines_.find(text) != std::string::npos;
  }
  size_t Count() {
    MutexLock lock(&mutex_);
    return static_cast<size_t>(Lines(lines_));
  }

 private:
  Mutex mutex_;
  std::string lines_;

 public:
  Log log{LogLevel::kInfo, Log::Format::kText,
          [this](std::string_view line) {
            MutexLock lock(&mutex_);
            lines_ += line;
          },
          [] { return int64_t{0}; }};
};

// A limit on the size of files of this process stands for a full disk: a write is cut short, the next one fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(size_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

bool IsWholeLines(const std::string& text) {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string::npos || text[begin] != '{' || text[end - 1] != '}') return false;
    begin = end + 1;
  }
  return !text.empty();
}

TEST(AccessLog, LeavesAFullFileAtOnceOnReopenAndBeginsTheNewOneWithAWholeLine) {
  constexpr size_t kFull = 600;  // two lines and a bit
  std::string path = FreshPath("full.log");
  Registry registry({1, 10, {}});
  Told told;
  FileSizeLimit full(kFull);
  auto log = AccessLog::Open({path, 64 << 10, &told.log}, registry);
  ASSERT_TRUE(log.ok()) << log.status();
  for (int i = 0; i < 5; ++i) (*log)->writer(0)->Write(Get("/full"));
  while (registry.process().log_write_failures.Read() == 0) std::this_thread::yield();
  std::string old = ReadFile(path);
  ASSERT_EQ(old.size(), kFull);
  ASSERT_NE(old.back(), '\n') << "the case needs a torn line";
  ASSERT_EQ(unlink(path.c_str()), 0);
  (*log)->Reopen();
  while (!told.Has("info access log: the access log is written again")) std::this_thread::yield();
  log->reset();
  std::string text = ReadFile(path);
  EXPECT_TRUE(IsWholeLines(text)) << text;
  EXPECT_TRUE(told.Has(" lost_lines=1"));
  EXPECT_EQ(Lines(old) + 1 + Lines(text), 5);
}

TEST(AccessLog, KeepsTheRestOfALineForAFileThatWasReopenedInItsPlace) {
  std::string path = FreshPath("same.log");
  Registry registry({1, 10, {}});
  auto log = AccessLog::Open({path}, registry);
  ASSERT_TRUE(log.ok()) << log.status();
  {
    FileSizeLimit full(600);
    for (int i = 0; i < 5; ++i) (*log)->writer(0)->Write(Get("/full"));
    while (registry.process().log_write_failures.Read() == 0) std::this_thread::yield();
    (*log)->Reopen();
    uint64_t failures = registry.process().log_write_failures.Read();
    while (registry.process().log_write_failures.Read() < failures + 2) std::this_thread::yield();
  }
  log->reset();
  std::string text = ReadFile(path);
  EXPECT_TRUE(IsWholeLines(text)) << text;
  EXPECT_EQ(Lines(text), 5);
}

TEST(AccessLog, TellsWhenItCannotBeWrittenAndHowManyLinesWereLostWhenItCanAgain) {
  std::string path = FreshPath("told");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  Registry registry({1, 10, {}});
  Told told;
  auto log = AccessLog::Open({path, 64 << 10, &told.log}, registry);
  ASSERT_TRUE(log.ok()) << log.status();
  while (!told.Has("error access log: the access log cannot be written")) (*log)->writer(0)->Write(Get("/stuck"));
  char buffer[65536];
  while (!told.Has("info access log: the access log is written again")) {
    ssize_t n = read(reader, buffer, sizeof buffer);
    if (n <= 0) std::this_thread::yield();
  }
  EXPECT_TRUE(told.Has(" lost_lines="));
  EXPECT_FALSE(told.Has(" lost_lines=0"));
  EXPECT_EQ(told.Count(), 2u);
  log->reset();
  close(reader);
}

TEST(AccessLog, TellsOfAFullDiskOnce) {
  Registry registry({1, 10, {}});
  Told told;
  auto log = AccessLog::Open({"/dev/full", 64 << 10, &told.log}, registry);
  ASSERT_TRUE(log.ok()) << log.status();
  (*log)->writer(0)->Write(Get("/"));
  while (registry.process().log_write_failures.Read() < 5) std::this_thread::yield();
  EXPECT_TRUE(told.Has("path=/dev/full why=\"No space left on device\""));
  EXPECT_EQ(told.Count(), 1u);
}

TEST(AccessLog, TellsWhenItCannotBeReopenedAndWhenItCanAgain) {
  std::string folder = FreshPath("folder");
  std::string path = folder + "/access.log";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  Registry registry({1, 10, {}});
  Told told;
  auto log = AccessLog::Open({path, 64 << 10, &told.log}, registry);
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_EQ(rename(folder.c_str(), (folder + ".1").c_str()), 0);
  (*log)->Reopen();
  while (!told.Has("the access log cannot be opened again")) std::this_thread::yield();
  EXPECT_TRUE(told.Has("No such file or directory"));
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  (*log)->Reopen();
  while (!told.Has("the access log is open again")) std::this_thread::yield();
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
}

TEST(AccessLog, OpensByItselfWhatCouldNotBeReopened) {
  std::string path = FreshPath("pipe-again");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  Registry registry({1, 10, {}});
  Told told;
  auto log = AccessLog::Open({path, 64 << 10, &told.log}, registry);
  ASSERT_TRUE(log.ok()) << log.status();
  close(reader);
  (*log)->Reopen();
  while (!told.Has("the access log cannot be opened again")) std::this_thread::yield();
  EXPECT_TRUE(told.Has("nobody reads this pipe"));
  reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  while (!told.Has("the access log is open again")) std::this_thread::yield();
  close(reader);
}

TEST(AccessLog, DoesNotWaitForTheReaderOfAPipeWhenItStarts) {
  std::string path = FreshPath("unread");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  Registry registry({1, 10, {}});
  auto log = AccessLog::Open({.path = path, .kind = &kAuditLog}, registry);
  EXPECT_EQ(log.status().message(), "cannot open the audit log " + path +
                                        ": nobody reads this pipe; start its reader first, or give a writable path "
                                        "with --audit-log, or - for standard output");
}

TEST(AccessLog, EndsAndSaysHowManyLinesAreLeftWhenTheReaderOfAPipeStalls) {
  std::string path = FreshPath("stalled");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  Registry registry({1, 10, {}});
  Told told;
  auto log = AccessLog::Open({path, 1 << 20, &told.log}, registry);
  ASSERT_TRUE(log.ok()) << log.status();
  for (int i = 0; i < 2000; ++i) (*log)->writer(0)->Write(Get("/stalled"));
  (*log)->Reopen();
  log->reset();
  EXPECT_TRUE(told.Has("error access log: the access log did not take its last lines"));
  EXPECT_FALSE(told.Has(" lost_lines=0"));
  close(reader);
}

TEST(AccessLog, EndsWhenTheReaderOfAPipeHasDied) {
  signal(SIGPIPE, SIG_IGN);
  std::string path = FreshPath("dead");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  Registry registry({1, 10, {}});
  Told told;
  auto log = AccessLog::Open({path, 64 << 10, &told.log}, registry);
  ASSERT_TRUE(log.ok()) << log.status();
  close(reader);
  (*log)->Reopen();
  (*log)->writer(0)->Write(Get("/dead"));
  log->reset();
  EXPECT_TRUE(told.Has("did not take its last lines path=" + path + " lost_lines=1"));
}

TEST(AccessLog, SaysWhatToDoWhenItCannotOpenTheFile) {
  Registry registry({1, 10, {}});
  auto log = AccessLog::Open({"/no/such/folder/access.log"}, registry);
  EXPECT_EQ(
      log.status().message(),
      "cannot open the access log /no/such/folder/access.log: No such file or directory; give a writable path with "
      "--access-log, or - for standard output");
}

TEST(AccessLog, IsOffWithoutAPath) {
  Registry registry({1, 10, {}});
  auto log = AccessLog::Open({""}, registry);
  EXPECT_EQ((*log)->writer(0), nullptr);
  (*log)->Reopen();
}

}  // namespace
}  // namespace penstock::telemetry
