#include "absl/strings/str_cat.h"
#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"file", 'f', "FILE|DIR|-",
     "manifests: a file, all *.yaml, *.yml and *.json below a folder, or standard input; may be repeated"},
    {"namespace", 'n', "NAME", "of objects that name none; default \"default\""},
    {"prune", 0, "", "with -l: delete the objects with these labels that the files lack"},
    {"selector", 'l', "LABELS", "for --prune: set=shop,tier!=gold"},
    {"prune-all", 0, "", "the files are everything that shall be: delete all else"},
};

absl::StatusOr<api::ApplyOptions> OptionsOf(const CommandLine& line) {
  api::ApplyOptions options;
  ASSIGN_OR_RETURN(*options.mutable_change(), ChangeOptionsOf(line));
  options.set_prune_all(line.Has("prune-all"));
  options.set_default_namespace(line.Get("namespace"));
  if (line.Has("prune") != line.Has("selector")) {
    return absl::InvalidArgumentError("--prune and -l LABELS go together; to delete everything else: --prune-all");
  }
  if (line.Has("prune") && line.Has("prune-all"))
    return absl::InvalidArgumentError("--prune and --prune-all exclude each other");
  options.set_prune_selector(line.Get("selector"));
  return options;
}

absl::StatusOr<Exit> RunApply(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(0, 0));
  ASSIGN_OR_RETURN(api::ApplyOptions options, OptionsOf(call.line));
  ASSIGN_OR_RETURN(std::vector<ManifestFile> files, ReadManifests(call.line.All("file")));
  auto send = [&](Client& client, absl::Duration limit, Client::OnEvent on_event) {
    return client.Apply(options, files, limit, on_event);
  };
  return RunChange(call, options.change(), files, send);
}

}  // namespace

const Verb kApply = {
    .name = "apply",
    .group = "Change",
    .summary = "Validates manifests, stores them as one generation, and waits until every replica serves it",
    .arguments = "-f FILE|DIR|-",
    .flags = kFlags,
    .shared_flags = kChangeFlags,
    .details =
        "All files are one transaction: either everything is stored or nothing. With any error nothing changes "
        "(exit 3), and all errors are told at once with their place. A connection that is lost meanwhile is made "
        "again, and the same change is asked for again; it is never made twice. With --prune-all, files without "
        "any object are refused (exit 2).",
    .example = "penstock apply -f shop/ --message \"canary at 10%\"",
    .run = RunApply,
};

}  // namespace penstock::cli
