#include "test/support/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace penstock::test {
namespace {

// Make one before posix_spawn and let it end after: it waits until the new process has none of this one's descriptors
// any more. The kernel closes those with O_CLOEXEC, in their order, when posix_spawn has returned already; a socket
// that is closed here meanwhile would live on there and still make events, for an object that is gone.
class ExecBarrier {
 public:
  ExecBarrier() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    read_ = ends[0];
    write_ = fcntl(ends[1], F_DUPFD_CLOEXEC, kHighest);
    EXPECT_GE(write_, kHighest);
    close(ends[1]);
  }
  ~ExecBarrier() {
    close(write_);
    char nothing;
    EXPECT_EQ(read(read_, &nothing, 1), 0) << "the pipe ends when its last copy is closed";
    close(read_);
  }
  ExecBarrier(const ExecBarrier&) = delete;

 private:
  // Behind those that a test has, below the usual limit of 1024.
  static constexpr int kHighest = 900;

  int read_;
  int write_;  // the last one that is closed there
};

// A file without a name.
class Scratch {
 public:
  Scratch() : fd_(memfd_create("scratch", MFD_CLOEXEC)) {}
  ~Scratch() { close(fd_); }
  Scratch(const Scratch&) = delete;

  int fd() const { return fd_; }
  void Write(const std::string& text) {
    EXPECT_EQ(write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    lseek(fd_, 0, SEEK_SET);
  }
  std::string Read() {
    std::string text;
    char buffer[4096];
    lseek(fd_, 0, SEEK_SET);
    for (ssize_t n; (n = read(fd_, buffer, sizeof(buffer))) > 0;) text.append(buffer, static_cast<size_t>(n));
    return text;
  }

 private:
  const int fd_;
};

}  // namespace

Program::Program(const std::vector<std::string>& command, const Files& files) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, files.in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, files.out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, files.err, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ExecBarrier barrier;
  int error = posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << command[0] << " cannot be run: install the packages of tools/packages.txt";
  if (error != 0) pid_ = -1;
}

Program::~Program() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

bool Program::Ended() {
  int status = 0;
  if (pid_ <= 0) return true;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = -1;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return true;
}

void Program::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  code_ = -SIGKILL;
}

ProgramEnd RunProgram(const std::vector<std::string>& command, const std::string& input, const RunUntil& run_until) {
  Scratch in, out, err;
  in.Write(input);
  Program program(command, {in.fd(), out.fd(), err.fd()});
  bool ended = false;
  // Programs take a while to begin on a busy machine.
  for (int i = 0; i < 5 && !ended; ++i) ended = run_until([&program] { return program.Ended(); });
  EXPECT_TRUE(ended) << command[0] << " does not end";
  if (!ended) program.Kill();
  return {.code = program.code(), .output = out.Read() + err.Read()};
}

ProgramEnd RunProgram(const std::vector<std::string>& command) {
  auto wait = [](const std::function<bool()>& ended) {
    for (int i = 0; i < 10'000 && !ended(); ++i) poll(nullptr, 0, 1);
    return ended();
  };
  return RunProgram(command, "", wait);
}

}  // namespace penstock::test
