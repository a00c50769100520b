#include "tools/cli/demo_upstream.h"

#include "dataplane/base/status.h"
#include "tools/cli/invocation.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

absl::StatusOr<Exit> RunDemoUpstream(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(1, 100));
  std::vector<DemoService> services;
  for (const std::string& typed : call.line.Positionals()) {
    std::pair<std::string_view, std::string_view> pair = SplitOnce(typed, '=');
    uint32_t port = 0;
    bool ok = ReadNumber(pair.second, &port) && port >= 1 && port <= 65535;
    if (!ok) return absl::InvalidArgumentError(StrCat("\"", typed, "\" is not NAME=PORT"));
    services.push_back({std::string(pair.first), static_cast<uint16_t>(port)});
  }
  RETURN_IF_ERROR(ServeDemo(services));
  return Exit::kOk;
}

}  // namespace

// Hidden: what `penstock up --demo` starts.
const Verb kDemoUpstream = {
    .name = "demo-upstream",
    .group = "",
    .summary = "Serves the demonstration's users and products on loopback",
    .arguments = "NAME=PORT...",
    .flags = {},
    .shared_flags = {},
    .details = "",
    .example = "",
    .run = RunDemoUpstream,
};

}  // namespace penstock::cli
