// The store in one SQLite file: what a single control plane uses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/store/store.h"

namespace penstock::store {

struct SqliteOptions {
  // An existing folder or one to be made (mode 0700) for store.db, its journal, store.lock, store.newest and store.key
  // (all 0600).
  std::string state_dir;
  // The keys that Secrets are sealed under (controlplane/vault/key_file.h). "": state_dir/store.key, which is made if
  // it is missing and nothing is sealed yet.
  std::string key_file = "";
  uint64_t kept_generations = Limits::kKeptGenerations;
  // The operator confirms that store.db was restored to an older state: starts a new epoch, so that replicas which
  // remember the lost generations take the restored state as newer. Without it, Open refuses a file that is older than
  // store.newest remembers (kFailedPrecondition).
  bool new_epoch = false;
};

// What opening did about Secrets.
struct Sealing {
  std::string key_file;        // where the keys come from
  bool key_file_made = false;  // just now
  std::string key;             // the id of the one that seals
  uint64_t sealed_plain = 0;  // Secrets, past ones counted one by one, that stood in plain: the store of an older build
  uint64_t sealed_anew = 0;   // values that another key had sealed
};

// Opens the store. Write-ahead log with synchronous=FULL: a commit returns after its one fsync. Errors at opening, each
// with what to do:
//   kFailedPrecondition  another process holds store.lock (named by its pid); the schema is newer than this build
//   knows; the file
//                        is older than what was acknowledged before, and new_epoch is not set
//   kFailedPrecondition  something is sealed with a key that is not in the key file; others may read that file
//   kInvalidArgument     the key file is no key file
//   kNotFound            there is no file options.key_file
//   kDataLoss            the file is damaged
//   kUnavailable         the folder or file cannot be written
// After a failed fsync every later write is refused until the process restarts: the kernel may have dropped the pages,
// and a second fsync that succeeds would prove nothing.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options, Sealing* sealing = nullptr);

}  // namespace penstock::store
