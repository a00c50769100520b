#include "test/integration/http2/party.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "test/support/exec_barrier.h"

namespace penstock::test {
namespace {

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  lseek(fd, 0, SEEK_SET);
  for (ssize_t n = 0; (n = read(fd, buffer, sizeof(buffer))) > 0;) text.append(buffer, static_cast<size_t>(n));
  return text;
}

}  // namespace

PartyEnd RunParty(TestGateway& gateway, const std::vector<std::string>& argv) {
  io::Fd out(memfd_create("party", 0));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, out.get(), 2);
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  std::optional<ExecBarrier> barrier(std::in_place);
  int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  barrier.reset();
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << argv[0] << " cannot be run: install the packages of tools/packages.txt";
  if (error != 0) return {};
  int status = 0;
  bool done = false;
  gateway.RunUntil([&] { return done = done || waitpid(pid, &status, WNOHANG) == pid; });
  if (!done) {
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
  }
  return {.code = done && WIFEXITED(status) ? WEXITSTATUS(status) : -1, .out = ReadAll(out.get())};
}

}  // namespace penstock::test
