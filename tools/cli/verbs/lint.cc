#include <algorithm>

#include "controlplane/manifests/render.h"
#include "dataplane/base/status.h"
#include "tools/cli/invocation.h"
#include "tools/cli/offline.h"
#include "tools/cli/render/change_report.h"
#include "tools/cli/render/human.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"file", 'f', "FILE|DIR|-", "manifests; may be repeated"},
    {"namespace", 'n', "NAME", "of objects that name none; default \"default\""},
    {"allow-unresolved", 0, "", "a missing backend is a warning"},
};

absl::StatusOr<Exit> RunLint(Invocation& call) {
  std::vector<std::string> paths = call.line.All("file");
  paths.insert(paths.end(), call.line.Positionals().begin(), call.line.Positionals().end());
  ASSIGN_OR_RETURN(std::vector<ManifestFile> files, ReadManifests(paths));
  Checked checked = CheckFiles(files, {call.line.Get("namespace", "default"), call.line.Has("allow-unresolved")});
  const auto& findings = checked.findings;
  Exit exit = findings.empty() ? Exit::kOk : Exit::kDiffers;
  if (call.console.format() != Format::kTable) {
    Json body = {{"exit", static_cast<int>(exit)},
                 {"files", files.size()},
                 {"objects", checked.objects},
                 {"findings", FindingsJson(findings)}};
    PrintDocument(call.console, Document("LintResult", body));
    return exit;
  }
  call.console.Out(FindingsText(findings, files, call.console.out_colour()));
  std::string what = StrCat(Count(checked.objects, "object"), " in ", Count(files.size(), "file"));
  call.console.Note(findings.empty() ? what + ": no findings" : StrCat(what, ": ", manifests::CountText(findings)));
  return exit;
}

}  // namespace

const Verb kLint = {
    .name = "lint",
    .group = "Without a control plane",
    .summary = "Checks manifests as the control plane would, without one",
    .arguments = "-f FILE|DIR|-",
    .flags = kFlags,
    .shared_flags = {},
    .details =
        "Takes the files as the whole desired state: schema, references, precedence, and a compilation as the "
        "data planes do it.\n"
        "Exit 0: no findings. 1: findings, warnings too.",
    .example = "penstock lint -f shop/",
    .run = RunLint,
};

}  // namespace penstock::cli
