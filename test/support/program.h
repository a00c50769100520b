// Programs of others (curl, openssl, socat, NGINX) that take part in a test.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace penstock::test {

// A program that runs, and is ended by its id with the object. None of the test's descriptors lives on in it: the
// test's own sockets are closed when the test closes them.
class Program {
 public:
  // What the program has as its standard input, output and error; they stay the caller's.
  struct Files {
    int in;
    int out;
    int err;
  };

  // Starts COMMAND, whose first word is looked for in PATH. A failure of the test if it cannot be run.
  Program(const std::vector<std::string>& command, const Files& files);
  ~Program();
  Program(const Program&) = delete;

  // Takes no time.
  bool Ended();
  // It has not ended by itself, and shall.
  void Kill();
  // Of its exit; minus the signal that ended it; -1: it could not be run. REQUIRES: Ended().
  int code() const { return code_; }

 private:
  pid_t pid_ = -1;  // -1: it has ended, or never began
  int code_ = -1;
};

struct ProgramEnd {
  int code = -1;       // as Program's
  std::string output;  // standard output, then standard error
};

// Runs COMMAND with INPUT until it has ended. RUN_UNTIL lets the test's own side run until what it is given is true, or
// for some seconds; a program that still runs after several of them is killed, and the test fails.
using RunUntil = std::function<bool(const std::function<bool()>&)>;
ProgramEnd RunProgram(const std::vector<std::string>& command, const std::string& input, const RunUntil& run_until);
// The same for a program that needs nothing of the test's.
ProgramEnd RunProgram(const std::vector<std::string>& command);

}  // namespace penstock::test
