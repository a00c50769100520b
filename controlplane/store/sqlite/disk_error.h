// What a failing disk means to a person who runs a control plane.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace penstock::store {

// What a file system has left for its owner's programs.
struct DiskSpace {
  uint64_t bytes = 0;
  bool has_files = true;  // false: no file can be made any more
};

// Of the file system that holds `path`; plenty if it cannot be asked.
DiskSpace SpaceAt(const std::string& path);

// What an extended result code of SQLite means; `path` is the file, `space` what its file system has left: SQLite calls
// a full disk by its name only sometimes (4874, for one, is a -shm file that could not grow). OK for SQLITE_OK.
// kInternal unless the file is damaged (kDataLoss): kUnavailable would tell callers that no control plane answered.
absl::Status DiskError(int extended_code, std::string_view detail, std::string_view path, const DiskSpace& space);

// Why a file of the state folder cannot be made or opened; `error` is an errno.
absl::Status OpenError(std::string_view path, int error);

}  // namespace penstock::store
