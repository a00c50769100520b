// The last served generation on disk, so that a data plane starts without a control plane. The form of the file is
// dataplane/snapshot/generation_log.h; here are the effects: append and sync, compact in the background, fall back.
//
// STATE_DIR/last-known-good            the log: one full generation, then changes
// STATE_DIR/last-known-good.previous   the log before the last compaction: what is left if the newer one is damaged
// STATE_DIR/lock                       held by the process that owns the folder; its pid inside
//
// All files have mode 0600: they hold secrets.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"
#include "dataplane/base/status.h"
#include "dataplane/snapshot/generation_log.h"
#include "dataplane/snapshot/resource.h"

namespace penstock::xds {

// Owned by main. The methods belong to the configuration thread; writing happens on a thread of its own, in order.
class LastKnownGood {
 public:
  static constexpr size_t kCompactAtLeastBytes = 1 << 20;  // a smaller file is not worth it
  static constexpr size_t kCompactGrowth = 2;              // compact when the file is this many times its compact size
  static constexpr size_t kMaxQueuedBytes = 256 << 20;     // waiting while the disk fails; beyond it, until a Replace
  static constexpr int kRetrySeconds = 5;                  // after a failure

  struct Loaded {
    std::optional<snapshot::GenerationLog> generation;  // nothing: there is none yet
    std::string warning;                                // for the log: what was damaged, and what is used instead
  };

  // Takes the folder (made if it is missing, mode 0700). Errors: it cannot be written; another process has it (named).
  // ON_FAILURE is called on the writing thread with what went wrong; nothing on disk is lost then but the newest
  // change. ON_RECOVERY, if there is one, is called there when writing works again.
  static StatusOr<std::unique_ptr<LastKnownGood>> Open(std::string state_dir,
                                                       std::function<void(const Status&)> on_failure,
                                                       std::function<void()> on_recovery = nullptr);

  // Writes what is queued and ends the thread.
  ~LastKnownGood();

  // What the files hold. A damaged file is never used in part: the one before it is, or nothing. Call once, before the
  // rest.
  Loaded Load();

  // What is served now, for all of time after this call. Returns at once.
  void Append(const snapshot::Delta& delta);
  void AppendEndpoints(const std::vector<snapshot::Resource>& upserts,
                       const std::vector<snapshot::ResourceName>& removals);
  // Starts a new log, whatever was in the old one.
  void Replace(const std::vector<snapshot::Resource>& resources, const xds::v1::Generation& generation);

  // Blocks until everything queued so far is on disk (or failed).
  void Flush();

  // Size of the log.
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Job {
    std::string bytes;
    bool replace = false;
  };

  LastKnownGood(std::string state_dir, int lock_fd, std::function<void(const Status&)> on_failure,
                std::function<void()> on_recovery);

  StatusOr<snapshot::GenerationLog> LoadFile(const std::string& path, size_t& file_bytes) const;
  Status OpenLog(size_t valid_bytes);
  void Enqueue(Job job);
  void Run();
  std::optional<Job> NextJob();
  bool AfterJob(Job job, bool done);
  Status Do(const Job& job);
  Status AppendBytes(const std::string& bytes);
  Status Compact();
  void Failed(const Status& why);
  Status Rewrite(const std::string& bytes, bool keep_previous);

  const std::string dir_;
  const std::string path_;
  const std::string previous_path_;
  const int lock_fd_;
  const std::function<void(const Status&)> on_failure_;
  const std::function<void()> on_recovery_;
  bool exists_ = false;  // configuration thread; there is a log, or a job that makes one

  // Writing thread (and Load, before there is a job).
  bool failing_ = false;      // the last job, or a compaction behind it
  int fd_ = -1;               // the log, open for appending
  size_t compact_bytes_ = 0;  // its size after the last compaction
  std::atomic<size_t> bytes_{0};

  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;  // changes were lost: nothing is written until a Replace
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace penstock::xds
