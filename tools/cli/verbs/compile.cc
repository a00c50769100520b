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
    {"out", 'o', "FILE", "the generation file to write (the format is --output here)"},
    {"gateway-class", 0, "NAME", "the Gateways to serve; default \"default\""},
    {"labels", 0, "K=V,...", "only Gateways with all of these labels"},
    {"namespace", 'n', "NAME", "of objects that name none; default \"default\""},
    {"allow-unresolved", 0, "", "a missing backend is a warning; its share of requests is answered with 500"},
};

absl::StatusOr<translator::GroupSelector> GroupOf(const CommandLine& line) {
  translator::GroupSelector group;
  group.gateway_class = line.Get("gateway-class", translator::kDefaultGatewayClass);
  std::string labels = line.Get("labels");
  if (labels.empty()) return group;
  for (std::string_view pair : Split(labels, ",")) {
    std::pair<std::string_view, std::string_view> label = SplitOnce(pair, '=');
    if (label.second.empty()) return absl::InvalidArgumentError(StrCat("--labels: \"", pair, "\" is not KEY=VALUE"));
    group.labels.emplace(label.first, label.second);
  }
  return group;
}

absl::StatusOr<Exit> RunCompile(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(0, 0));
  std::string out = call.line.Get("out");
  if (out.empty()) return absl::InvalidArgumentError("where to? -o FILE");
  ASSIGN_OR_RETURN(translator::GroupSelector group, GroupOf(call.line));
  ASSIGN_OR_RETURN(std::vector<ManifestFile> files, ReadManifests(call.line.All("file")));
  Checked checked = CheckFiles(files, {call.line.Get("namespace", "default"), call.line.Has("allow-unresolved")});
  bool valid = !manifests::HasErrors(checked.findings);
  std::string bytes;
  if (valid) {
    ASSIGN_OR_RETURN(bytes, GenerationFile(checked.state, group));
    RETURN_IF_ERROR(WriteOutput(out, bytes));
  }
  Exit exit = valid ? Exit::kOk : Exit::kInvalid;
  if (call.console.format() != Format::kTable) {
    Json body = {{"exit", static_cast<int>(exit)},
                 {"file", valid ? Json(out) : Json()},
                 {"bytes", bytes.size()},
                 {"findings", FindingsJson(checked.findings)}};
    PrintDocument(call.console, Document("CompileResult", body));
    return exit;
  }
  if (!checked.findings.empty()) call.console.Error(FindingsText(checked.findings, files, call.console.err_colour()));
  if (!valid) {
    call.console.Error(StrCat(manifests::CountText(checked.findings), ". Nothing was written.    penstock explain ",
                              checked.findings[0].code()));
  } else if (!call.console.quiet()) {
    call.console.Out(StrCat(out, "   ", Count(checked.objects, "object"), ", ", HumanBytes(bytes.size()),
                            "\nserve it:  penstock-dataplane --generation ", out, "\n"));
  }
  return exit;
}

}  // namespace

const Verb kCompile = {
    .name = "compile",
    .group = "Without a control plane",
    .summary = "Writes manifests as a generation file, which a data plane serves without a control plane",
    .arguments = "-f FILE|DIR|- -o FILE",
    .flags = kFlags,
    .shared_flags = {},
    .details =
        "The file has the format of the last generation that a data plane keeps on disk. It is replaced at once, "
        "never half written; its folder must exist. A device or fifo is written to, a symbolic link followed.",
    .example = "penstock compile -f shop/ -o shop.generation\npenstock-dataplane --generation shop.generation",
    .run = RunCompile,
};

}  // namespace penstock::cli
