// The access log and the audit log: workers write lines into bounded rings, one thread of each log writes them to its
// file. A slow or full disk, or a pipe that nobody reads, costs lines (counted, and told in the process log), never a
// request's time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/telemetry/access_log/connection_entry.h"
#include "dataplane/telemetry/access_log/entry.h"
#include "dataplane/telemetry/access_log/log_file.h"
#include "dataplane/telemetry/access_log/log_kind.h"
#include "dataplane/telemetry/access_log/log_thread.h"
#include "dataplane/telemetry/access_log/refusal_entry.h"
#include "dataplane/telemetry/access_log/ring.h"
#include "dataplane/telemetry/log/log.h"
#include "dataplane/telemetry/stats/registry.h"

namespace penstock::telemetry {

// What a worker writes to. Used on its worker's thread only; lives as long as the AccessLog.
class AccessLogWriter {
 public:
  AccessLogWriter(AccessLogRing& ring, std::atomic<uint32_t>& sleeping, WorkerCells& cells)
      : ring_(ring), sleeping_(sleeping), cells_(cells) {}

  // Formats and queues one line, or counts a drop if the ring is full. No lock, no allocation; a system call only to
  // wake the writing thread from idleness.
  void Write(const AccessLogEntry& entry) noexcept { PushAccess(formatter_.Format(entry, line_)); }
  void Write(const ConnectionLogEntry& entry) noexcept { PushAccess(formatter_.Format(entry, line_)); }
  // The audit log's; both logs may share a file, and then a writer.
  void Write(const RefusalLogEntry& entry) noexcept {
    Push(formatter_.Format(entry, line_), cells_.audit_lines, cells_.audit_drops);
  }

 private:
  void PushAccess(size_t length) noexcept { Push(length, cells_.log_lines, cells_.log_drops); }
  void Push(size_t length, Counter& lines, Counter& drops) noexcept;

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
    std::string path;             // a file, "-" for standard output, "" for no log
    size_t ring_bytes = 2 << 20;  // per worker; a power of two
    Log* log = nullptr;           // is told when lines cannot be written, and when they can again; outlives this
    const LogKind* kind = &kAccessLog;
  };

  // Opens the file (append, the kind's mode) and starts the writing thread. Error: the file cannot be opened, or is a
  // pipe that nobody reads. Borrows REGISTRY for its cells.
  static absl::StatusOr<std::unique_ptr<AccessLog>> Open(Options options, Registry& registry);

  // Writes what is queued and ends the thread, within LogThread::kFlushTimeoutMs or little more, whatever the file is;
  // tells if lines are left.
  ~AccessLog();

  // The writer of a worker; null if there is no log.
  AccessLogWriter* writer(int worker) { return writers_.empty() ? nullptr : writers_[worker].get(); }

  // Opens the path again before the next line is written, for log rotation (SIGHUP). Any thread, at once. If that
  // fails, lines go on into the old file; the failure is counted and told, and it is tried again every second. The new
  // file begins with a whole line; a line that the old file, on a full disk, took only in part ends there; that is
  // counted as a failed write, and told with the lost lines.
  void Reopen();

 private:
  AccessLog() = default;

  void Start(LogThread::Options options, Registry& registry, LogFile file);

  std::unique_ptr<LogThread> thread_;  // null: no log
  std::vector<std::unique_ptr<AccessLogWriter>> writers_;
};

}  // namespace penstock::telemetry
