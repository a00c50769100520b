#pragma once

#include "tools/cli/command_line.h"
#include "tools/cli/console.h"
#include "tools/cli/environment.h"

namespace penstock::cli {

// What a verb runs with. All outlive the run.
struct Invocation {
  const CommandLine& line;
  Console& console;
  const Environment& environment;
};

}  // namespace penstock::cli
