#include "tools/cli/version.h"

#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/render/json.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

// "" without a context; "no answer" when there is one.
std::string ControlPlaneBuild(Invocation& call) {
  absl::StatusOr<std::unique_ptr<Client>> client = OpenClient(call);
  if (!client.ok()) return "";
  absl::StatusOr<api::VersionResponse> version = (*client)->Version();
  return version.ok() ? version->build() : "no answer";
}

absl::StatusOr<Exit> RunVersion(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(0, 0));
  std::string server = ControlPlaneBuild(call);
  if (call.console.format() != Format::kTable) {
    PrintDocument(call.console, Document("Version", {{"cli", kVersionText}, {"controlPlane", server}}));
    return Exit::kOk;
  }
  call.console.Out(
      StrCat("penstock       ", kVersionText, "\n", server.empty() ? "" : StrCat("control plane  ", server, "\n")));
  return Exit::kOk;
}

}  // namespace

const Verb kVersion = {
    .name = "version",
    .group = "About",
    .summary = "Prints the build of this program, and of the control plane if one answers",
    .arguments = "",
    .flags = {},
    .shared_flags = {},
    .details = "",
    .example = "penstock version",
    .run = RunVersion,
};

}  // namespace penstock::cli
