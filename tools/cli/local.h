#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/cli/environment.h"
#include "tools/cli/processes.h"

// What `up` and `proxy` ask of the machine that they run on.
namespace penstock::cli {

// How this program was called, for lines that people copy: "penstock" if that finds us in PATH, else the path typed.
std::string SelfName(const Environment& environment);

// The running file, for starting it again.
absl::StatusOr<std::string> SelfPath();

// The binary of another process of Penstock: in PENSTOCK_BIN_DIR, beside this program, at its place in bazel-bin, or in
// PATH. InvalidArgument that says how to build it.
absl::StatusOr<std::string> FindBinary(const Environment& environment, std::string_view name);

// Can a socket be bound there now?
bool IsFree(const std::string& address, uint16_t port);
// `wanted` if it is free, else a port that is.
absl::StatusOr<uint16_t> FreePort(const std::string& address, uint16_t wanted);

// Waits until something accepts on address:port. Unavailable after `limit`; DataLoss if a child dies before, with its
// log's last lines; Cancelled when a stop signal came.
absl::Status WaitUntilAccepts(Processes& processes, const std::string& address, uint16_t port, const std::string& log,
                              absl::Duration limit);

// A child that died, for people: name, how, and the last lines of its log.
std::string DeathText(const Death& death, const std::string& log);

// A new folder in TMPDIR or /tmp, mode 0700.
absl::StatusOr<std::string> MakeScratchFolder(const Environment& environment, std::string_view prefix);

// Single quotes where a shell needs them.
std::string ShellWord(std::string_view word);

}  // namespace penstock::cli
