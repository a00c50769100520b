#pragma once

#include <ostream>
#include <span>
#include <string>

#include "tools/cli/environment.h"
#include "tools/cli/exit.h"

namespace penstock::cli {

struct Terminals {
  bool out = false;  // stdout is a terminal
  bool err = false;
};

// The whole command: finds the verb, parses its flags, runs it, and tells an error in the format that was asked for.
// Both streams outlive the call.
Exit Run(std::span<const std::string> arguments, const Environment& environment, Terminals terminals, std::ostream& out,
         std::ostream& err);

}  // namespace penstock::cli
