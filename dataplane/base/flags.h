#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/status.h"

namespace penstock {

// The flags library knows --drain_grace; people write --drain-grace.
std::vector<std::string> WithUnderscores(int argc, char** argv);

// The library ends the process with exit code 1 on a flag that it does not know or cannot read. Asked first, this says
// so as a value: which flag, and what is wrong with it. `arguments` are WithUnderscores().
Status CheckFlags(const std::vector<std::string>& arguments);

// What --help prints: the flags that are defined in files below `folder`. Empty if nobody asks for it.
std::string HelpIfAsked(const std::vector<std::string>& arguments, std::string_view summary, std::string_view folder);

}  // namespace penstock
