#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/cli/command_line.h"
#include "tools/cli/environment.h"

namespace penstock::cli {

// Where a control plane is and who we are to it: an address, and PEM files of a certificate that its CA signed.
struct Target {
  std::string server;  // "127.0.0.1:9443"
  std::string cert;
  std::string key;
  std::string ca;
  std::string origin;  // for messages: `context "up" in ~/.config/penstock/config`, "flags", "environment"

  bool operator==(const Target&) const = default;
};

// The config file: an INI of contexts, written by `penstock up` and by people.
//   current = up
//   [up]
//   server = 127.0.0.1:9443
//   cert = /tmp/.../operator.crt
class ContextFile {
 public:
  static absl::StatusOr<ContextFile> ParseText(std::string_view text, std::string_view file);
  // An absent file is an empty one.
  static absl::StatusOr<ContextFile> Read(const std::string& path);
  // Mode 0600, replaced atomically; makes the folders.
  absl::Status Write(const std::string& path) const;
  std::string Text() const;

  std::string current;
  std::map<std::string, Target> contexts;
};

// Each of server, cert, key and ca from: its flag, else PENSTOCK_{SERVER,CERT,KEY,CA}, else the context that --context,
// PENSTOCK_CONTEXT or `current` names. Unavailable, with what to do, when something is still missing.
absl::StatusOr<Target> ResolveTarget(const CommandLine& line, const Environment& environment, const ContextFile& file);

// The same from the process's config file.
absl::StatusOr<Target> ResolveTarget(const CommandLine& line, const Environment& environment);

}  // namespace penstock::cli
