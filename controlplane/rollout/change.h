// What somebody wants changed, and what became of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/manifests/finding.h"
#include "controlplane/manifests/object.h"
#include "controlplane/store/store.h"
#include "controlplane/translator/translate.h"

namespace penstock::rollout {

// The objects of parsed files become the state of those objects.
struct ApplyObjects {
  std::vector<manifests::ObjectPtr> objects;
  std::vector<manifests::Finding> findings;  // of parsing; with an error among them nothing is changed
  bool prune_all = false;                    // every other object is deleted
  std::string prune_selector;                // other objects that match it are deleted; "" none
};

struct DeleteObjects {
  std::vector<manifests::ObjectKey> keys;
  std::string label_selector;  // in addition, everything that matches it; "" nothing
};

// The objects become what they were at a generation, as a new generation.
struct RollBack {
  uint64_t to = 0;  // 0: the one before the newest
};

using Wish = std::variant<ApplyObjects, DeleteObjects, RollBack>;

struct ChangeOptions {
  std::string author;  // identity of the certificate
  std::string message;
  std::string request_id;       // "" none
  uint64_t request_digest = 0;  // of the whole request
  std::optional<uint64_t> if_generation;
  bool dry_run = false;
  bool allow_unresolved = false;
};

struct ChangeResult {
  management::v1::Outcome::Code code = management::v1::Outcome::OK;
  std::string message;  // why, unless OK
  std::vector<manifests::Finding> findings;
  management::v1::Plan plan;
  std::vector<management::v1::RouteChange> routes;
  // Set if code is OK and it was no dry run.
  management::v1::Stored stored;
  store::GenerationId id;
};

// Objects by key, as a state holds them.
using ObjectMap = std::map<manifests::ObjectKey, manifests::ObjectPtr>;

// What a wish comes to: only objects that really differ.
struct Difference {
  manifests::ChangeSet changes;
  management::v1::Plan plan;
  std::vector<management::v1::RouteChange> routes;
};

// kNotFound for a deletion of what does not exist, kInvalidArgument for a selector that cannot be read.
// Costs what the wish names, and a look at every object only if it prunes or selects by labels.
absl::StatusOr<Difference> Differences(const translator::StatePtr& current, const ApplyObjects& wish);
absl::StatusOr<Difference> Differences(const translator::StatePtr& current, const DeleteObjects& wish);
// From `current` to `wanted` as a whole.
Difference Differences(const ObjectMap& current, const ObjectMap& wanted);

}  // namespace penstock::rollout
