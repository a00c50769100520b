#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace penstock::cli {

// Limits of the management service; refused here first, with the file's name.
inline constexpr size_t kMaxManifestBytes = 64 << 20;

// The whole file. NotFound if it does not exist; every other failure is InvalidArgument (input that cannot be read).
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Mode 0600; makes missing folders with 0700; a reader sees the old file or the new one.
absl::Status WriteFileAtomically(const std::string& path, std::string_view bytes);

// For a path that a person names: a regular file is replaced as above, behind a symbolic link too; a device or fifo is
// written to. The folder must exist.
absl::Status WriteOutput(const std::string& path, std::string_view bytes);

absl::Status MakeFolders(const std::string& path);

// One manifest as the user named it.
struct ManifestFile {
  std::string name;  // "shop/products.yaml", "-" for standard input
  std::string text;
  bool attached = false;  // no manifest: what one of them names in dataFromFiles
};

// What -f names: a file, every *.yaml, *.yml and *.json below a folder (in the order of their names, hidden ones left
// out), or
// "-". Behind them what they name in dataFromFiles, as far as it can be read: whoever parses them tells of the rest.
// All errors are InvalidArgument and name the path.
absl::StatusOr<std::vector<ManifestFile>> ReadManifests(const std::vector<std::string>& paths);

}  // namespace penstock::cli
