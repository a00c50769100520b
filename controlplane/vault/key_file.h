// The file that holds the keys of a store: text, one key a line, as base64 or hexadecimal digits of its 32 bytes; `#`
// begins a comment. The first key seals, all of them open.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/vault/key.h"

namespace penstock::vault {

inline constexpr size_t kMaxKeyFileBytes = 64 << 10;

// At least one key, each once, in the order of the file. Errors name the file and what to do, and hold nothing of a
// key:
//   kNotFound            there is no such file
//   kFailedPrecondition  others than its owner can read or write it
//   kInvalidArgument     a line is no key, or a key is there twice, or there is none
//   kUnavailable         it cannot be read
absl::StatusOr<std::vector<Key>> ReadKeyFile(const std::string& path);

// Makes the file with one new key, for its owner only. It is on the disk when this returns; a crash before leaves no
// file of that name. kAlreadyExists: a file is never replaced.
absl::Status MakeKeyFile(const std::string& path);

}  // namespace penstock::vault
