// The thread of a log, which writes what the workers leave in their rings.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/base/clock.h"
#include "dataplane/base/mutex.h"
#include "dataplane/telemetry/access_log/leavable_calls.h"
#include "dataplane/telemetry/access_log/log_file.h"
#include "dataplane/telemetry/access_log/log_kind.h"
#include "dataplane/telemetry/access_log/ring.h"
#include "dataplane/telemetry/log/trouble.h"
#include "dataplane/telemetry/stats/registry.h"

namespace penstock::telemetry {

// Owned by the AccessLog. Its thread touches the registry and the process log only outside of calls to the file, so
// that it can be left in one.
class LogThread {
 public:
  struct Options {
    std::string path;
    size_t ring_bytes;
    Log* log;
    const LogKind* kind;
  };

  // Starts the thread. FILE is what Options::path names. Borrows REGISTRY.
  LogThread(Options options, Registry& registry, LogFile file);

  AccessLogRing& ring(int worker) { return *rings_[static_cast<size_t>(worker)]; }
  // For AccessLogWriter: 1: asleep until something comes; 2: pausing between rounds.
  std::atomic<uint32_t>& sleeping() { return sleeping_; }

  // Any thread: as AccessLog::Reopen.
  void Reopen();

  // Writes what is queued, for at most kFlushTimeoutMs, and ends the thread. False: it hangs in a call to the file and
  // was left there; this object must stay as long as the process.
  bool Finish();
  static constexpr int kFlushTimeoutMs = 2000;

 private:
  static constexpr int kBusyWaitMs = 20;                             // between rounds while lines come
  static constexpr int kIdleWaitMs = 1000;                           // bound of a sleep whose wake-up was missed
  static constexpr int kRetryWaitMs = 200;                           // after a write that failed
  static constexpr Duration kReopenEvery = std::chrono::seconds(1);  // after one that failed
  static constexpr int kHangMs = 500;                                // beyond kFlushTimeoutMs: what takes longer hangs

  void Run();
  void WriteUntilTheEnd();
  bool WriteRound(size_t& written);
  bool WriteSome(AccessLogRing& ring, size_t bytes);
  bool WantsReopen();
  void ReopenNow();
  void EndTornLine();
  void Failed();
  void Worked();
  void CountFailure() { (process_.*kind_.write_failures).Add(); }
  uint64_t CountDrops() const;
  uint64_t CountQueuedLines() const;
  void Wait(int timeout_ms);
  bool Empty() const;
  bool EndsWithin(Duration duration);

  const Options options_;
  const LogKind& kind_;
  Registry& registry_;
  ProcessCells& process_;
  LogFile file_;
  LeavableCalls calls_;
  int error_ = 0;           // of the last write that failed
  uint64_t drops_ = 0;      // up to the last round that went well
  uint64_t cut_lines_ = 0;  // of which a file that was closed holds the beginning only
  TimePoint reopen_again_;  // epoch: the last time went well
  Trouble writing_{options_.log, kind_.name, kind_.lost, kind_.written_again};
  Trouble reopening_{options_.log, kind_.name, kind_.not_reopened, kind_.reopened};
  std::vector<std::unique_ptr<AccessLogRing>> rings_;
  AccessLogRing* torn_ = nullptr;  // the ring whose last line is only partly in the file: it goes on first
  std::atomic<uint32_t> sleeping_{0};
  std::atomic<bool> reopen_{false};
  std::atomic<bool> stop_{false};
  Mutex mutex_;
  CondVar ended_changed_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// Any thread: ends a sleep of the thread that SLEEPING is of.
void Wake(std::atomic<uint32_t>& sleeping);

}  // namespace penstock::telemetry
