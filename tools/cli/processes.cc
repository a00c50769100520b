#include "tools/cli/processes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tools/cli/files.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

sigset_t OurSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

// Runs in the child between fork and exec.
[[noreturn]] void BecomeProgram(pid_t parent, int log, char* const* argv) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before the line above
  int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  if (log >= 0) {
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
  }
  execv(argv[0], argv);
  dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], std::strerror(errno));
  _exit(127);
}

Death DeathOf(std::string name, pid_t pid, int status) {
  if (WIFSIGNALED(status)) {
    int signal = WTERMSIG(status);
    return {std::move(name), pid, StrCat("killed by signal ", signal, " (", strsignal(signal), ")"), 128 + signal};
  }
  return {std::move(name), pid, StrCat("exit ", WEXITSTATUS(status)), WEXITSTATUS(status)};
}

}  // namespace

absl::StatusOr<Processes> Processes::Create() {
  sigset_t set = OurSignals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return absl::InternalError(StrCat("signalfd: ", std::strerror(errno)));
  return Processes(fd);
}

Processes::Processes(Processes&& other) noexcept
    : signals_(std::exchange(other.signals_, -1)), running_(std::exchange(other.running_, {})) {}

Processes::~Processes() {
  for (const Child& child : running_) {
    kill(-child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
  }
  if (signals_ >= 0) close(signals_);
}

absl::StatusOr<pid_t> Processes::Start(const Program& program) {
  std::vector<char*> argv;
  for (const std::string& argument : program.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int log = -1;
  if (!program.log.empty()) {
    log = open(program.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) return absl::InvalidArgumentError(StrCat("cannot write ", program.log, ": ", std::strerror(errno)));
  }
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) BecomeProgram(parent, log, argv.data());
  int failure = errno;
  if (log >= 0) close(log);
  if (pid < 0) return absl::ResourceExhaustedError(StrCat("cannot start ", program.name, ": ", std::strerror(failure)));
  setpgid(pid, pid);
  running_.push_back({program.name, pid});
  return pid;
}

Processes::Event Processes::Wait(absl::Duration limit) {
  absl::Time end = absl::Now() + limit;
  for (;;) {
    Event event;
    if (Reap(event.death)) {
      event.kind = Event::kDeath;
      return event;
    }
    signalfd_siginfo info;
    while (read(signals_, &info, sizeof(info)) == sizeof(info)) {
      if (info.ssi_signo == SIGCHLD) continue;
      event.kind = Event::kStop;
      return event;
    }
    if (Reap(event.death)) {  // its SIGCHLD was among those just read
      event.kind = Event::kDeath;
      return event;
    }
    int64_t left = absl::ToInt64Milliseconds(end - absl::Now());
    if (left <= 0) return event;
    pollfd readable{signals_, POLLIN, 0};
    poll(&readable, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
  }
}

void Processes::Stop(const std::vector<std::string>& names, absl::Duration grace) {
  Kill(names, SIGTERM);
  absl::Time end = absl::Now() + grace;
  while (AnyOf(names)) {
    Event event = Wait(std::max(end - absl::Now(), absl::ZeroDuration()));
    if (event.kind == Event::kDeath) continue;
    Kill(names, SIGKILL);
    end = absl::InfiniteFuture();
  }
}

bool Processes::Runs(std::string_view name) const {
  return std::any_of(running_.begin(), running_.end(), [name](const Child& child) { return child.name == name; });
}

bool Processes::AnyOf(const std::vector<std::string>& names) const {
  return std::any_of(names.begin(), names.end(), [this](const std::string& name) { return Runs(name); });
}

void Processes::Kill(const std::vector<std::string>& names, int signal) {
  for (const Child& child : running_) {
    if (std::find(names.begin(), names.end(), child.name) != names.end()) kill(child.pid, signal);
  }
}

bool Processes::Reap(Death& death) {
  for (auto it = running_.begin(); it != running_.end(); ++it) {
    int status = 0;
    if (waitpid(it->pid, &status, WNOHANG) != it->pid) continue;
    death = DeathOf(it->name, it->pid, status);
    kill(-it->pid, SIGKILL);  // what it started itself
    running_.erase(it);
    return true;
  }
  return false;
}

std::vector<std::string> LastLines(const std::string& path, size_t count) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return {};
  std::vector<std::string> lines = absl::StrSplit(*text, '\n', absl::SkipEmpty());
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<ptrdiff_t>(count));
  return lines;
}

}  // namespace penstock::cli
