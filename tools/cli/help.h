#pragma once

#include <string>

#include "tools/cli/verb.h"

namespace penstock::cli {

// `penstock help`: the verbs by group.
std::string OverviewText();

// `penstock help VERB`: usage, what it does, its flags, an example.
std::string VerbText(const Verb& verb);

// docs/cli.md: the same for all verbs, with the table of exit codes.
std::string CliPage();

}  // namespace penstock::cli
