#pragma once

#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/cli/exit.h"

namespace penstock::cli {

struct Invocation;

// One flag. `value` is what its argument is called in the help; "" means that the flag takes none.
struct Flag {
  std::string_view name;  // without the dashes
  char letter = 0;        // 0: no short form
  std::string_view value;
  std::string_view help;
};

// One row of the table of verbs: all that the parser, the help, the completion and docs/cli.md need.
struct Verb {
  std::string_view name;
  std::string_view group;      // heading in the overview; "" hides the verb
  std::string_view summary;    // one line
  std::string_view arguments;  // "KIND [NAME]"
  std::span<const Flag> flags;
  std::span<const Flag> shared_flags;  // of a family of verbs, listed after its own
  std::string_view details;            // of `penstock help VERB`, which wraps its lines
  std::string_view example;            // lines, each a command that works as it stands
  // An error ends the process with ExitOf(error) and its text on stderr.
  absl::StatusOr<Exit> (*run)(Invocation&);
};

// Flags that every verb takes.
std::span<const Flag> GlobalFlags();

// All verbs in the order of the overview, hidden ones last.
std::span<const Verb* const> Verbs();

// nullptr if there is none.
const Verb* FindVerb(std::string_view name);

}  // namespace penstock::cli
