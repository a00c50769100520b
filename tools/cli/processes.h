#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace penstock::cli {

// A program to run beside this one.
struct Program {
  std::string name;               // for messages: "replica-2"
  std::vector<std::string> argv;  // argv[0] is the path of the file
  std::string log;                // stdout and stderr are appended to this file; "": they are ours
};

struct Death {
  std::string name;
  pid_t pid = 0;
  std::string how;  // "exit 3", "killed by signal 9"
  int exit = 0;     // 128 + signal when killed
};

// The children of `up` and `proxy`. Each is the leader of its own process group, so that Ctrl-C reaches only us and we
// stop them in our order; the kernel kills them if we die. One thread, and no other may exist when a child is started
// (fork).
class Processes {
 public:
  // From now on SIGINT, SIGTERM, SIGHUP and SIGCHLD are read by Wait() instead of being delivered.
  static absl::StatusOr<Processes> Create();
  // Kills what is left.
  ~Processes();
  Processes(Processes&& other) noexcept;
  Processes& operator=(Processes&&) = delete;

  absl::StatusOr<pid_t> Start(const Program& program);

  // What happened first: a child died, we were asked to stop, or the time is over.
  struct Event {
    enum Kind { kTimeout, kStop, kDeath } kind = kTimeout;
    Death death;
  };
  Event Wait(absl::Duration limit);

  // SIGTERM to those named, and SIGKILL to those that are still there after `grace` or when a second stop signal comes.
  // Returns when all are gone.
  void Stop(const std::vector<std::string>& names, absl::Duration grace);

  bool Runs(std::string_view name) const;
  bool any() const { return !running_.empty(); }

 private:
  struct Child {
    std::string name;
    pid_t pid;
  };
  explicit Processes(int signals) : signals_(signals) {}
  void Kill(const std::vector<std::string>& names, int signal);
  bool AnyOf(const std::vector<std::string>& names) const;
  bool Reap(Death& death);

  int signals_;
  std::vector<Child> running_;
};

// The last lines of a log file, at most `count`; empty if it cannot be read.
std::vector<std::string> LastLines(const std::string& path, size_t count);

}  // namespace penstock::cli
