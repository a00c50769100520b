#include "tools/cli/help.h"

#include <vector>

#include "controlplane/manifests/nearest.h"
#include "dataplane/base/status.h"
#include "tools/cli/invocation.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"markdown", 0, "", "everything, as the page docs/cli.md"},
};

absl::StatusOr<Exit> RunHelp(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(0, 1));
  if (call.line.Has("markdown")) {
    call.console.Out(CliPage());
    return Exit::kOk;
  }
  std::string_view name = call.line.Positional(0);
  if (name.empty()) {
    call.console.Out(OverviewText());
    return Exit::kOk;
  }
  const Verb* verb = FindVerb(name);
  if (verb != nullptr) {
    call.console.Out(VerbText(*verb));
    return Exit::kOk;
  }
  std::vector<std::string_view> names;
  for (const Verb* known : Verbs()) names.push_back(known->name);
  std::string hint = manifests::DidYouMean(manifests::Nearest(name, names));
  return absl::InvalidArgumentError(
      StrCat("unknown verb \"", name, "\"; ", hint.empty() ? "`penstock help` lists them" : hint));
}

}  // namespace

const Verb kHelp = {
    .name = "help",
    .group = "About",
    .summary = "Lists the verbs, or shows one with its flags and an example",
    .arguments = "[VERB]",
    .flags = kFlags,
    .shared_flags = {},
    .details = "Text, whatever --output says.",
    .example = "penstock help apply",
    .run = RunHelp,
};

}  // namespace penstock::cli
