#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "test/support/program.h"

namespace penstock::test {

// A program of somebody else's that takes part in a test: what is said to it goes to its standard input, what it says
// (standard output and error) is heard. Ended by its id when the test is over.
class Party {
 public:
  explicit Party(const std::vector<std::string>& command);
  ~Party();
  Party(const Party&) = delete;

  void Say(std::string_view text);
  // Its input ends.
  void SaidAll();
  // Everything that it has said; takes no time.
  const std::string& Heard();
  // The port at which it says that it listens: the digits at the end of the line that holds MARK. 0: not yet.
  uint16_t ListensAt(std::string_view mark);

 private:
  std::unique_ptr<Program> program_;
  int input_ = -1;
  int output_ = -1;
  std::string heard_;
};

}  // namespace penstock::test
