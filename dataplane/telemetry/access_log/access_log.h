// The access log: workers write lines into bounded rings, one thread writes them to a file. A slow or full disk costs
// lines (counted, and told in the process log), never a request's time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataplane/telemetry/access_log/connection_entry.h"
#include "dataplane/telemetry/access_log/entry.h"
#include "dataplane/telemetry/access_log/ring.h"
#include "dataplane/telemetry/log/trouble.h"
#include "dataplane/telemetry/stats/registry.h"

namespace penstock::telemetry {

// What a worker writes to. Used on its worker's thread only; lives as long as the AccessLog.
class AccessLogWriter {
 public:
  AccessLogWriter(AccessLogRing& ring, std::atomic<uint32_t>& sleeping, WorkerCells& cells)
      : ring_(ring), sleeping_(sleeping), cells_(cells) {}

  // Formats and queues one line, or counts a drop if the ring is full. No lock, no allocation; a system call only to
  // wake the writing thread from idleness.
  void Write(const AccessLogEntry& entry) noexcept { Push(formatter_.Format(entry, line_)); }
  void Write(const ConnectionLogEntry& entry) noexcept { Push(formatter_.Format(entry, line_)); }

 private:
  void Push(size_t length) noexcept;

  AccessLogRing& ring_;
  std::atomic<uint32_t>& sleeping_;
  WorkerCells& cells_;
  AccessLogFormatter formatter_;
  std::array<char, kMaxAccessLogLine> line_;
};

// Owned by main; made before the workers, destroyed after them.
class AccessLog {
 public:
  struct Options {
    std::string path;             // a file, "-" for standard output, "" for no access log
    size_t ring_bytes = 2 << 20;  // per worker; a power of two
    Log* log = nullptr;           // is told when lines cannot be written, and when they can again; outlives this
  };

  // Opens the file (append, mode 0640) and starts the writing thread. Error: the file cannot be opened. Borrows
  // REGISTRY for its cells.
  static absl::StatusOr<std::unique_ptr<AccessLog>> Open(Options options, Registry& registry);

  // Writes what is queued, for at most kFlushTimeoutMs, and ends the thread.
  ~AccessLog();
  static constexpr int kFlushTimeoutMs = 2000;

  // The writer of a worker; null if there is no access log.
  AccessLogWriter* writer(int worker) { return writers_.empty() ? nullptr : writers_[worker].get(); }

  // Opens the path again before the next line is written, for log rotation (SIGHUP). Any thread. If that fails, lines
  // go on into the old file; the failure is counted and told. The new file begins with a whole line; a line that the
  // old file, on a full disk, took only in part ends there; that is counted as a failed write, and told with the lost
  // lines.
  void Reopen();

 private:
  static constexpr int kBusyWaitMs = 20;    // between rounds while lines come
  static constexpr int kIdleWaitMs = 1000;  // bound of a sleep whose wake-up was missed
  static constexpr int kRetryWaitMs = 200;  // after a write that failed

  AccessLog(Options options, Registry& registry, int fd);

  void Run();
  bool WriteRound(size_t& written);
  bool WriteSome(AccessLogRing& ring, size_t bytes);
  void ReopenNow();
  void EndTornLine();
  void Failed();
  void Worked();
  uint64_t CountDrops() const;
  void Wait(int timeout_ms);
  bool Empty() const;

  const Options options_;
  Registry& registry_;
  ProcessCells& process_;
  int fd_;
  int error_ = 0;           // of the last write that failed
  uint64_t drops_ = 0;      // up to the last round that went well
  uint64_t cut_lines_ = 0;  // of which a file that was closed holds the beginning only
  Trouble writing_{options_.log, "access log",
                   "the access log cannot be written; lines are lost once the buffers are full",
                   "the access log is written again"};
  Trouble reopening_{options_.log, "access log", "the access log cannot be opened again; lines go on into the old file",
                     "the access log is open again"};
  std::vector<std::unique_ptr<AccessLogRing>> rings_;
  std::vector<std::unique_ptr<AccessLogWriter>> writers_;
  AccessLogRing* torn_ = nullptr;  // the ring whose last line is only partly in the file: it goes on first
  std::atomic<uint32_t> sleeping_{0};
  std::atomic<bool> reopen_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace penstock::telemetry
