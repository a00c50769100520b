// The access log and the audit log: workers write lines into bounded rings, one thread of each log writes them to its
// file. A slow or full disk costs lines (counted, and told in the process log), never a request's time.
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
#include "dataplane/telemetry/access_log/refusal_entry.h"
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

// Which log it is: what people call it, and where its thread counts.
struct LogKind {
  const char* name;
  const char* flag;
  int mode;  // of its file
  const char* lost;
  const char* written_again;
  const char* not_reopened;
  const char* reopened;
  Counter WorkerCells::* drops;
  Counter ProcessCells::* bytes;
  Counter ProcessCells::* write_failures;
};
inline constexpr LogKind kAccessLog = {
    .name = "access log",
    .flag = "--access-log",
    .mode = 0640,
    .lost = "the access log cannot be written; lines are lost once the buffers are full",
    .written_again = "the access log is written again",
    .not_reopened = "the access log cannot be opened again; lines go on into the old file",
    .reopened = "the access log is open again",
    .drops = &WorkerCells::log_drops,
    .bytes = &ProcessCells::log_bytes,
    .write_failures = &ProcessCells::log_write_failures};
inline constexpr LogKind kAuditLog = {
    .name = "audit log",
    .flag = "--audit-log",
    .mode = 0600,
    .lost = "the audit log cannot be written; refusals go unrecorded once the buffers are full",
    .written_again = "the audit log is written again",
    .not_reopened = "the audit log cannot be opened again; lines go on into the old file",
    .reopened = "the audit log is open again",
    .drops = &WorkerCells::audit_drops,
    .bytes = &ProcessCells::audit_bytes,
    .write_failures = &ProcessCells::audit_write_failures};

// Owned by main; made before the workers, destroyed after them.
class AccessLog {
 public:
  struct Options {
    std::string path;             // a file, "-" for standard output, "" for no log
    size_t ring_bytes = 2 << 20;  // per worker; a power of two
    Log* log = nullptr;           // is told when lines cannot be written, and when they can again; outlives this
    const LogKind* kind = &kAccessLog;
  };

  // Opens the file (append, the kind's mode) and starts the writing thread. Error: the file cannot be opened. Borrows
  // REGISTRY for its cells.
  static absl::StatusOr<std::unique_ptr<AccessLog>> Open(Options options, Registry& registry);

  // Writes what is queued, for at most kFlushTimeoutMs, and ends the thread.
  ~AccessLog();
  static constexpr int kFlushTimeoutMs = 2000;

  // The writer of a worker; null if there is no log.
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
  void CountFailure() { (process_.*kind_.write_failures).Add(); }
  uint64_t CountDrops() const;
  void Wait(int timeout_ms);
  bool Empty() const;

  const Options options_;
  const LogKind& kind_;
  Registry& registry_;
  ProcessCells& process_;
  int fd_;
  int error_ = 0;           // of the last write that failed
  uint64_t drops_ = 0;      // up to the last round that went well
  uint64_t cut_lines_ = 0;  // of which a file that was closed holds the beginning only
  Trouble writing_{options_.log, kind_.name, kind_.lost, kind_.written_again};
  Trouble reopening_{options_.log, kind_.name, kind_.not_reopened, kind_.reopened};
  std::vector<std::unique_ptr<AccessLogRing>> rings_;
  std::vector<std::unique_ptr<AccessLogWriter>> writers_;
  AccessLogRing* torn_ = nullptr;  // the ring whose last line is only partly in the file: it goes on first
  std::atomic<uint32_t> sleeping_{0};
  std::atomic<bool> reopen_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace penstock::telemetry
