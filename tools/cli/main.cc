#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "dataplane/base/standard_descriptors.h"
#include "tools/cli/run.h"

int main(int argc, char** argv) {
  penstock::OpenStandardDescriptors();
  std::vector<std::string> arguments(argv + 1, argv + argc);
  penstock::cli::Terminals terminals{isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1};
  penstock::cli::Exit exit =
      penstock::cli::Run(arguments, penstock::cli::Environment::OfProcess(), terminals, std::cout, std::cerr);
  return static_cast<int>(exit);
}
