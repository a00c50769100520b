#include "test/integration/tls/client_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "test/support/exec_barrier.h"

extern char** environ;

namespace penstock::test {

TestFolder::TestFolder() {
  std::string pattern = ::testing::TempDir() + "/tls.XXXXXX";
  path_ = mkdtemp(pattern.data());
}

TestFolder::~TestFolder() { std::filesystem::remove_all(path_); }

std::string TestFolder::Write(const std::string& name, const std::string& content) const {
  std::ofstream(Path(name), std::ios::binary) << content;
  return Path(name);
}

std::string TestFolder::Read(const std::string& name) const {
  std::ifstream file(Path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

ProcessResult RunClient(TestGateway& gateway, const TestFolder& folder, std::vector<std::string> arguments,
                        const std::string& input) {
  folder.Write("stdin", input);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, folder.Path("stdin").c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, folder.Path("stdout").c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, folder.Path("stderr").c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  std::optional<ExecBarrier> barrier(std::in_place);
  int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  barrier.reset();
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << arguments[0] << " is not there";
  if (error != 0) return {};

  int status = 0;
  bool ended = false;
  auto reap = [&] { return ended || (ended = waitpid(pid, &status, WNOHANG) == pid); };
  // Programs take a while to begin on a busy machine.
  for (int i = 0; i < 5 && !ended; ++i) gateway.RunUntil(reap);
  EXPECT_TRUE(ended) << arguments[0] << " does not end";
  if (!ended) {
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
  }
  ProcessResult result;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  result.output = folder.Read("stdout") + folder.Read("stderr");
  return result;
}

}  // namespace penstock::test
