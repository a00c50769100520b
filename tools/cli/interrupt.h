// Ctrl-C while a change is under way.
#pragma once

#include <signal.h>

#include <cstdint>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"

namespace penstock::cli {

// How far a change got, as far as we were told.
struct ChangeState {
  enum Phase { kNotSent, kSent, kStored, kUnchanged, kDryRun } phase = kNotSent;
  uint64_t generation = 0;  // kStored: the new one; kUnchanged: the newest
};

// One line: stored or not, and how to see it.
std::string FateText(ChangeState state);

// While it lives, SIGINT ends the process with exit code 130, after a line on standard error that says what became of
// the change, and MAY_BE_STORED on standard output unless the change was not stored for sure. REQUIRES: no other thread
// was started yet that takes SIGINT.
class Interrupt {
 public:
  explicit Interrupt(std::string may_be_stored = "");
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void Set(ChangeState state);

 private:
  void Watch();

  const std::string may_be_stored_;
  Mutex mutex_;
  ChangeState state_ ABSL_GUARDED_BY(mutex_);
  sigset_t before_{};
  int signals_ = -1;
  int stop_ = -1;
  std::thread thread_;
};

}  // namespace penstock::cli
