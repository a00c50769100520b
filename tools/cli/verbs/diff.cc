#include "controlplane/manifests/finding.h"
#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/render/change_report.h"
#include "tools/cli/render/human.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"file", 'f', "FILE|DIR|-", "manifests; may be repeated"},
    {"gen", 0, "A..B", "instead: from generation A to generation B"},
    {"namespace", 'n', "NAME", "of objects that name none; default \"default\""},
    {"prune", 0, "", "with -l: as apply --prune"},
    {"selector", 'l', "LABELS", "for --prune"},
    {"prune-all", 0, "", "as apply --prune-all"},
    {"allow-unresolved", 0, "", "a missing backend is a warning"},
};

absl::StatusOr<api::DiffGenerationsRequest> GenerationsOf(const std::string& typed) {
  api::DiffGenerationsRequest request;
  std::vector<std::string_view> ends = Split(typed, "..");
  uint64_t from = 0, to = 0;
  bool ok = ends.size() == 2 && ReadNumber(ends[0], &from) && ReadNumber(ends[1], &to);
  if (!ok) return absl::InvalidArgumentError(StrCat("--gen ", typed, ": write two generations, like 41..42"));
  request.set_from(from);
  request.set_to(to);
  return request;
}

absl::StatusOr<api::DiffResponse> Ask(Invocation& call, const std::vector<ManifestFile>& files) {
  if (call.line.Has("gen")) {
    ASSIGN_OR_RETURN(api::DiffGenerationsRequest request, GenerationsOf(call.line.Get("gen")));
    ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
    return client->DiffGenerations(request);
  }
  api::ApplyOptions options;
  options.mutable_change()->set_allow_unresolved(call.line.Has("allow-unresolved"));
  options.set_default_namespace(call.line.Get("namespace"));
  options.set_prune_all(call.line.Has("prune-all"));
  if (call.line.Has("prune") != call.line.Has("selector"))
    return absl::InvalidArgumentError("--prune and -l LABELS go together");
  options.set_prune_selector(call.line.Get("selector"));
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
  return client->Diff(options, files);
}

std::string RoutesText(const api::DiffResponse& diff) {
  std::string text;
  for (const api::RouteChange& route : diff.routes()) {
    StrAppend(&text, "\n", Printable(route.route()), "\n");
    for (const std::string& line : route.before()) StrAppend(&text, "  - ", Printable(line), "\n");
    for (const std::string& line : route.after()) StrAppend(&text, "  + ", Printable(line), "\n");
  }
  return text;
}

absl::StatusOr<Exit> RunDiff(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(0, 0));
  if (call.line.Has("gen") && call.line.Has("file")) return absl::InvalidArgumentError("either -f or --gen");
  std::vector<ManifestFile> files;
  if (!call.line.Has("gen")) {
    ASSIGN_OR_RETURN(files, ReadManifests(call.line.All("file")));
  }
  ASSIGN_OR_RETURN(api::DiffResponse diff, Ask(call, files));
  std::vector<api::Finding> findings(diff.findings().begin(), diff.findings().end());
  bool invalid = manifests::HasErrors(findings);
  Exit exit = invalid ? Exit::kInvalid : diff.plan().changes().empty() ? Exit::kOk : Exit::kDiffers;
  if (call.console.format() != Format::kTable) {
    Json body = {{"exit", static_cast<int>(exit)},
                 {"findings", FindingsJson(findings)},
                 {"changes", PlanJson(diff.plan())},
                 {"routes", ToJson(diff)["routes"]}};
    PrintDocument(call.console, Document("Diff", body));
    return exit;
  }
  PrintFindings(findings, files, call.console);
  if (!invalid)
    call.console.Out(diff.plan().changes().empty() ? "no difference\n" : PlanText(diff.plan()) + RoutesText(diff));
  return exit;
}

}  // namespace

const Verb kDiff = {
    .name = "diff",
    .group = "Change",
    .summary = "Shows what apply would change, object by object and route by route; changes nothing",
    .arguments = "-f FILE|DIR|- | --gen A..B",
    .flags = kFlags,
    .shared_flags = {},
    .details = "Exit 0: no difference. 1: a difference. 3: the manifests are invalid.",
    .example = "penstock diff -f shop/\npenstock diff --gen 41..42",
    .run = RunDiff,
};

}  // namespace penstock::cli
