#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/manifests/finding.h"
#include "controlplane/translator/translate.h"
#include "tools/cli/files.h"

namespace penstock::cli {

struct CheckOptions {
  std::string default_namespace = "default";
  bool allow_unresolved = false;
  absl::Time now = absl::Now();  // certificates that do not count then are warned about
};

// What the control plane would say about these files as the whole desired state, found by the same code without one.
struct Checked {
  std::vector<manifests::Finding> findings;  // sorted and capped
  translator::StatePtr state;                // incomplete if there are errors
  size_t objects = 0;
};

// Pure.
Checked CheckFiles(std::span<const ManifestFile> files, const CheckOptions& options = {});

// What would become of REQUEST if data planes served the state, of whatever class of Gateways. InvalidArgument: no
// client could send it. REQUIRES: no errors in what `state` was made of.
absl::StatusOr<management::v1::ExplainResponse> ExplainState(const translator::StatePtr& state,
                                                             const management::v1::ExplainRequest& request);

// The generation file of one group of data planes, as `penstock-dataplane --generation` serves it; its generation
// is 1.1. NotFound if the group serves no Gateway of the state. REQUIRES: no errors in what `state` was made of.
absl::StatusOr<std::string> GenerationFile(const translator::StatePtr& state, const translator::GroupSelector& group);

}  // namespace penstock::cli
