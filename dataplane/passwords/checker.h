#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "dataplane/base/cancellation.h"
#include "dataplane/base/mutex.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/passwords/digest.h"
#include "dataplane/passwords/result_cache.h"

namespace penstock::passwords {

// One question: is PASSWORD that of the subject's hash?
struct Question {
  const Digest& digest;  // DigestKey::Of
  const Subject& subject;
  std::string_view password;
  Duration right_for;  // how long ago it may have been found to be right; zero: it is computed
};

struct Answer {
  Result result;
  bool computed = false;  // after the question was asked
};

// Checks passwords off the event loops: a few threads of the process, with a lower priority than those that serve. One
// computation for all who ask the same at once, from whatever worker. Owned by main; outlives the policies that ask.
class Checker {
 public:
  static constexpr int kMaxThreads = 4;
  static constexpr size_t kMaxQueued = 64;
  // Threads give way to those that serve: at most a quarter of a processor that these want, too.
  static constexpr int kNice = 5;
  static constexpr std::string_view kQueueFull = "password checks: queue is full";

  using Compute = absl::AnyInvocable<StatusOr<bool>(const PasswordHash&, std::string_view password) const>;

  struct Options {
    int threads = 1;
    size_t max_queued = kMaxQueued;
    Compute compute;  // null: Matches(). Any thread
  };
  // As many threads as suit WORKERS.
  static Options For(int workers);

  explicit Checker(Options options) : options_(std::move(options)) {}
  // Nobody waits any more. Ends the threads, as soon as what they compute is done.
  ~Checker();
  Checker(const Checker&) = delete;

  // Starts the threads, if they do not run. Configuration thread.
  void Start();

  const DigestKey& key() const { return key_; }

  // Thread of REACTOR; what QUESTION refers to lives until the answer is there. kResourceExhausted (kQueueFull): as
  // many questions as may wait for a thread already. kDeadlineExceeded, kCancelled: the wait ended; a question that
  // nobody waits for is not computed. kInternal: the hash cannot be computed here.
  Task<StatusOr<Answer>> Check(io::Reactor& reactor, Question question, Wait wait) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // One who waits. Of its reactor's thread, but for the list that it is in.
  struct Waiting {
    explicit Waiting(io::Reactor& on) : reactor(on) {}
    io::Reactor& reactor;
    io::WaitQueue done;
    std::optional<StatusOr<Answer>> answer;
  };
  using WaitingPtr = std::shared_ptr<Waiting>;
  struct Job;
  using JobPtr = std::shared_ptr<Job>;

  // Fills in the answer if it is known, waits for it otherwise. nullptr: the queue is full.
  WaitingPtr Ask(io::Reactor& reactor, const Question& question) ABSL_LOCKS_EXCLUDED(mutex_);
  void Leave(const Digest& digest, const Waiting& waiting) ABSL_LOCKS_EXCLUDED(mutex_);

  void Run();
  JobPtr Next() ABSL_LOCKS_EXCLUDED(mutex_);
  void Finish(const Job& job, const StatusOr<bool>& right) ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  const DigestKey key_;
  std::vector<std::thread> threads_;  // configuration thread

  Mutex mutex_;
  CondVar queued_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<JobPtr> queue_ ABSL_GUARDED_BY(mutex_);                              // no thread has begun them
  absl::flat_hash_map<Digest, JobPtr, DigestHash> jobs_ ABSL_GUARDED_BY(mutex_);  // those, and those that run
  ResultCache results_ ABSL_GUARDED_BY(mutex_){ResultCache::kOfProcess};
};

}  // namespace penstock::passwords
