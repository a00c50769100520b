#include "dataplane/telemetry/access_log/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

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
