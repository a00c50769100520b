// The access log: workers write lines into bounded rings, one thread writes them to a file. A slow or full disk costs
// lines (counted), never a request's time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataplane/telemetry/access_log/entry.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::telemetry {

class AccessLogRing;

// What a worker writes to. Used on its worker's thread only; lives as long as the AccessLog.
class AccessLogWriter {
 public:
  AccessLogWriter(AccessLogRing& ring, std::atomic<uint32_t>& wake, WorkerCells& cells)
      : ring_(ring), wake_(wake), cells_(cells) {}

  // Formats and queues one line, or counts a drop if the ring is full. No lock, no allocation; a system call only to
  // wake the writing thread from idleness.
  void Write(const AccessLogEntry& entry) noexcept;

 private:
  AccessLogRing& ring_;
  std::atomic<uint32_t>& wake_;
  WorkerCells& cells_;
};

// Owned by main; made before the workers, stopped after them.
class AccessLog {
 public:
  struct Options {
    std::string path;             // a file, "-" for standard output, "" for no access log
    size_t ring_bytes = 2 << 20;  // per worker; a power of two
    int workers = 1;
  };

  // Opens the file (append, mode 0640) and starts the writing thread. Error: the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<AccessLog>> Open(Options options, class Registry& registry);

  // Writes what is queued (at most FLUSH_TIMEOUT_MS) and ends the thread.
  ~AccessLog();
  static constexpr int kFlushTimeoutMs = 2000;

  // The writer of a worker; null if there is no access log.
  AccessLogWriter* writer(int worker) { return writers_.empty() ? nullptr : writers_[worker].get(); }

  // Opens the path again before the next line is written, for log rotation (SIGHUP). Any thread. If that fails, lines
  // go on into the old file.
  void Reopen();

 private:
  AccessLog(Options options, class Registry& registry, int fd);

  void Run();
  size_t WriteBatch();
  bool WriteAll();
  void ReopenNow();
  void Wait(bool busy);

  const Options options_;
  ProcessCells& process_;
  int fd_;
  std::vector<std::unique_ptr<AccessLogRing>> rings_;
  std::vector<std::unique_ptr<AccessLogWriter>> writers_;
  size_t unfinished_ = 0;  // ring whose line is half in the file, if unfinished_bytes_ > 0
  size_t unfinished_bytes_ = 0;
  std::atomic<uint32_t> wake_{0};  // 1 while the writing thread sleeps until woken
  std::atomic<bool> reopen_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace penstock::telemetry
