// What the control plane remembers: the objects that people applied, one generation record per change, and the
// rollout's own state. An acknowledged commit survives a kill -9 and a loss of power; a commit that failed left nothing
// behind.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/manifests/object.h"

namespace penstock::store {

// Which state: `number` grows by one with every commit; `epoch` grows when somebody confirmed that the store was
// restored to an older state, so that replicas which remember later numbers of the lost history take the restored state
// as the newer one. Ordered by epoch, then number. {0, 0} is "nothing was ever stored".
struct GenerationId {
  uint64_t epoch = 0;
  uint64_t number = 0;

  friend auto operator<=>(const GenerationId&, const GenerationId&) = default;
};

// "42" in epoch 1, "2.42" in a later one: how messages name a generation.
std::string ToString(GenerationId id);

using manifests::ObjectKey;

struct StoredObject {
  ObjectKey key;
  std::string bytes;              // deterministic protobuf bytes of the manifest; opaque to the store
  uint64_t first_generation = 0;  // of this life of the object: a deletion ends it
  uint64_t last_generation = 0;   // that changed it
  std::string origin = {};        // as its write said
};

// One object of a transaction, created, replaced or (no bytes) deleted.
struct ObjectWrite {
  ObjectKey key;
  std::optional<std::string> bytes;
  std::string origin = {};  // where it was written (manifests/origin.h), not secret; opaque to the store; "" unknown
};

// What is remembered of one commit.
struct GenerationRecord {
  GenerationId id;
  absl::Time time;     // wall clock; shown, never compared
  std::string author;  // identity of the certificate that asked
  std::string message;
  std::string request_id;       // "" none
  uint64_t request_digest = 0;  // of what was asked, so that a reused request id can be told from a repeated request
  uint64_t hash = 0;            // the generation hash that replicas check (dataplane/snapshot/hash.h)
  uint32_t resources_changed = 0;
  uint64_t bytes_per_replica = 0;
  uint32_t objects_changed = 0;
  std::string plan;    // what it changed, as serialised penstock.management.v1.Plan; opaque to the store
  std::string result;  // "served 3/3", "rejected by edge-a", ...; "" not known yet
};

// One commit. REQUIRES: no key twice in `writes`.
struct Transaction {
  // The newest generation that the writer saw. Anything else in the store: the writer is stale (two control planes on
  // one store) and nothing is written.
  GenerationId expected;
  // `id` is ignored: the store gives {expected epoch or `new_epoch`, expected number + 1}.
  GenerationRecord record;
  std::vector<ObjectWrite> writes;
  // How `expected` ended, noted in the same commit; "" leaves it as it is.
  std::string previous_result;
  // Not 0: starts this epoch, which must be later than every one before: the operator confirmed a restored store.
  uint64_t new_epoch = 0;
  // Small named values of the rollout that change with it; an empty value erases the name.
  std::vector<std::pair<std::string, std::string>> rollout_state = {};
};

struct Limits {
  static constexpr size_t kMaxObjectBytes = 1 << 20;  // one object
  static constexpr size_t kMaxRequestIdBytes = 64;
  static constexpr size_t kMaxPlanBytes = 4 << 20;
  static constexpr uint64_t kKeptGenerations = 10'000;  // older ones can no longer be read or rolled back to
};

// All methods may be called from any thread and block while they touch the disk; commits are serialised. Errors:
//   kAborted             the store moved on since `expected`; read again and retry
//   kNotFound            no such generation (or it is older than Limits::kKeptGenerations)
//   kResourceExhausted   no space left: nothing was written, reads go on, writes work again when space returns
//   kUnavailable         the disk failed: nothing was acknowledged
//   kDataLoss            the file is damaged; the text says which and what to do
//   kInvalidArgument     a limit was exceeded
class Store {
 public:
  virtual ~Store() = default;

  // Writes objects, the generation record and nothing else, durably, all or nothing. A request id that is stored
  // already writes nothing and returns the record of then.
  virtual absl::StatusOr<GenerationRecord> Commit(const Transaction& transaction) = 0;

  // The newest generation; {0, 0} with an empty record when nothing was ever stored.
  virtual absl::StatusOr<GenerationRecord> Newest() = 0;
  virtual absl::StatusOr<GenerationRecord> Generation(uint64_t number) = 0;
  // The record that a request id made, or nullopt.
  virtual absl::StatusOr<std::optional<GenerationRecord>> FindRequest(std::string_view request_id) = 0;

  // Every live object at generation `number` (0: the newest), by key.
  virtual absl::StatusOr<std::vector<StoredObject>> Objects(uint64_t number) = 0;

  // At most `limit` records, newest first; with `key`, only those that changed that object.
  virtual absl::StatusOr<std::vector<GenerationRecord>> History(size_t limit, const std::optional<ObjectKey>& key) = 0;

  // How a generation ended. Durable like a commit; may be called again (a straggler served it after all).
  virtual absl::Status SetResult(uint64_t number, std::string_view result) = 0;

  // Small named values of the rollout: which generation was rejected, since when a condition holds. An empty value
  // erases the name.
  virtual absl::Status PutRolloutState(std::string_view name, std::string_view value) = 0;
  virtual absl::StatusOr<std::vector<std::pair<std::string, std::string>>> RolloutState() = 0;
};

}  // namespace penstock::store
