#include "test/integration/tls/server_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "dataplane/server/testing.h"
#include "test/support/exec_barrier.h"

extern char** environ;

namespace penstock::test {

ServerProcess::ServerProcess(TestGateway& gateway, const TestFolder& folder, const std::string& name, uint16_t port,
                             std::vector<std::string> arguments) {
  std::string log = folder.Path(name + ".log");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::optional<ExecBarrier> barrier(std::in_place);
  int error = posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  barrier.reset();
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << arguments[0] << " is not there";
  auto listens = [port] {
    int socket = server::ConnectTo(port);
    if (socket < 0) return false;
    close(socket);
    return true;
  };
  bool up = false;
  for (int i = 0; i < 5 && !up; ++i) up = gateway.RunUntil(listens);
  EXPECT_TRUE(up) << folder.Read(name + ".log");
}

ServerProcess::~ServerProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

}  // namespace penstock::test
