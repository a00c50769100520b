#include "test/integration/layer4/party.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace penstock::test {

Party::Party(const std::vector<std::string>& command) {
  int to[2], from[2];
  EXPECT_EQ(pipe2(to, O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(from, O_CLOEXEC), 0);
  program_ = std::make_unique<Program>(command, Program::Files{to[0], from[1], from[1]});
  close(to[0]);
  close(from[1]);
  input_ = to[1];
  output_ = from[0];
  fcntl(output_, F_SETFL, O_NONBLOCK);
}

Party::~Party() {
  SaidAll();
  close(output_);
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

}  // namespace penstock::test
