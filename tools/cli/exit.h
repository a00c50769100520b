#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace penstock::cli {

// The one table of exit codes: every verb, every output format.
enum class Exit : int {
  kOk = 0,
  kDiffers = 1,      // a difference, findings, or not there yet
  kUsage = 2,        // wrong arguments, or input that cannot be read
  kInvalid = 3,      // the configuration is refused; nothing was changed
  kConflict = 4,     // somebody else changed it meanwhile
  kRejected = 5,     // a replica refused the generation, or a process of ours died
  kTimeout = 6,      // not served by all in time
  kUnreachable = 7,  // no control plane answers, it cannot do it now, or it does not accept our certificate
  kNotFound = 8,
  kNoRoute = 9,        // `explain request`: nothing would answer it
  kOutputLost = 10,    // standard output takes no more: what there was to tell is lost
  kInterrupted = 130,  // Ctrl-C, as shells count it
};

struct ExitRow {
  Exit exit;
  std::string_view meaning;
};

// In the order of their numbers; the help and docs/cli.md are made from it.
inline constexpr ExitRow kExits[] = {
    {Exit::kOk, "done"},
    {Exit::kDiffers, "a difference, findings, or not there yet"},
    {Exit::kUsage, "wrong arguments, or input that cannot be read"},
    {Exit::kInvalid, "invalid configuration; nothing was changed"},
    {Exit::kConflict, "conflict: somebody else changed it meanwhile"},
    {Exit::kRejected, "rejected by a replica, or a started process died"},
    {Exit::kTimeout, "not served by all in time"},
    {Exit::kUnreachable, "no control plane answers, or it cannot do it now, or it refuses the certificate"},
    {Exit::kNotFound, "no such object, generation, kind, field or code"},
    {Exit::kNoRoute, "no route would answer the request"},
    {Exit::kOutputLost, "the output could not be written; what was to be done is done"},
    {Exit::kInterrupted, "interrupted (Ctrl-C); of a change, the last line says what became of it"},
};

// The exit of a verb that ended with this error; statuses are how the CLI's functions fail.
Exit ExitOf(const absl::Status& status);

}  // namespace penstock::cli
