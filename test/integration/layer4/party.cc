#include "test/integration/layer4/party.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/support/exec_barrier.h"

namespace penstock::test {

Party::Party(const std::vector<std::string>& command) {
  ExecBarrier barrier;
  int to[2], from[2];
  EXPECT_EQ(pipe2(to, O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(from, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  EXPECT_EQ(posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0) << command[0];
  posix_spawn_file_actions_destroy(&actions);
  close(to[0]);
  close(from[1]);
  input_ = to[1];
  output_ = from[0];
  fcntl(output_, F_SETFL, O_NONBLOCK);
}

Party::~Party() {
  SaidAll();
  close(output_);
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

void Party::Say(std::string_view text) {
  EXPECT_EQ(write(input_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

void Party::SaidAll() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

const std::string& Party::Heard() {
  char buffer[65536];
  for (ssize_t n; (n = read(output_, buffer, sizeof buffer)) > 0;) heard_.append(buffer, static_cast<size_t>(n));
  return heard_;
}

uint16_t Party::ListensAt(std::string_view mark) {
  size_t line = Heard().find(mark);
  size_t end = line == std::string::npos ? std::string::npos : heard_.find('\n', line);
  if (end == std::string::npos) return 0;
  size_t colon = heard_.rfind(':', end);
  return static_cast<uint16_t>(std::stoi(heard_.substr(colon + 1, end - colon - 1)));
}

int RunParty(const std::vector<std::string>& command, std::string& said) {
  std::string line;
  for (const std::string& word : command) line += "'" + word + "' ";
  FILE* pipe = popen((line + " 2>&1").c_str(), "r");
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) said.append(buffer, n);
  return pclose(pipe);
}

}  // namespace penstock::test
