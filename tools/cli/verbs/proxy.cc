#include <filesystem>

#include "controlplane/manifests/finding.h"
#include "dataplane/base/status.h"
#include "tools/cli/files.h"
#include "tools/cli/invocation.h"
#include "tools/cli/local.h"
#include "tools/cli/offline.h"
#include "tools/cli/proxy_manifests.h"
#include "tools/cli/render/change_report.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"from", 0, "[ADDRESS]:PORT", "where to listen; without an address only on this machine; default :8080"},
    {"to", 0, "HOST:PORT", "where the requests go; may be repeated to balance over several"},
    {"access-log", 0, "FILE|-", "a JSON line per request; default none"},
};

absl::StatusOr<std::string> GenerationOf(const ProxyWish& wish) {
  std::vector<ManifestFile> files = {{"proxy", ProxyManifest(wish)}};
  Checked checked = CheckFiles(files);
  if (manifests::HasErrors(checked.findings))
    return absl::FailedPreconditionError(FindingsText(checked.findings, files, false));
  return GenerationFile(checked.state, {});
}

Program DataPlane(const std::string& binary, const ProxyWish& wish, const std::string& folder, const std::string& log) {
  return {"data plane",
          {binary, StrCat("--generation=", folder, "/generation"), "--gateway-class=default",
           "--bind-address=" + wish.address, "--state-dir=" + folder, "--metrics-address=127.0.0.1:0",
           "--admin-socket=" + folder + "/admin.sock", "--access-log=" + log, "--drain-grace=0s", "--drain-timeout=5s"},
          log == "-" ? "" : folder + "/log"};
}

absl::StatusOr<Exit> Serve(Invocation& call, const ProxyWish& wish, const std::string& folder) {
  ASSIGN_OR_RETURN(std::string binary, FindBinary(call.environment, "penstock-dataplane"));
  ASSIGN_OR_RETURN(std::string generation, GenerationOf(wish));
  RETURN_IF_ERROR(WriteFileAtomically(folder + "/generation", generation));
  ASSIGN_OR_RETURN(Processes processes, Processes::Create());
  Program program = DataPlane(binary, wish, folder, call.line.Get("access-log", "/dev/null"));
  RETURN_IF_ERROR(processes.Start(program).status());
  std::string reached_at = wish.address == "0.0.0.0" ? "127.0.0.1" : wish.address;
  RETURN_IF_ERROR(WaitUntilAccepts(processes, reached_at, wish.port, program.log, absl::Seconds(20)));
  call.console.Note(StrCat("http://", wish.address, ":", wish.port, " -> ", Join(wish.to, ", "), "   Ctrl-C stops it"));
  for (;;) {
    Processes::Event event = processes.Wait(absl::Hours(1));
    if (event.kind == Processes::Event::kDeath) return absl::DataLossError(DeathText(event.death, program.log));
    if (event.kind == Processes::Event::kStop) break;
  }
  processes.Stop({program.name}, absl::Seconds(8));
  return Exit::kOk;
}

absl::StatusOr<Exit> RunProxy(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(0, 0));
  ASSIGN_OR_RETURN(ProxyWish wish, ParseProxyWish(call.line.Get("from", ":8080"), call.line.All("to")));
  if (!IsFree(wish.address, wish.port)) {
    return absl::InvalidArgumentError(StrCat("cannot listen on ", wish.address, ":", wish.port,
                                             ": it is taken, or not an address of this machine (ss -ltnp 'sport = :",
                                             wish.port, "')\n  take another one:  --from :PORT"));
  }
  ASSIGN_OR_RETURN(std::string folder, MakeScratchFolder(call.environment, "penstock-proxy-"));
  absl::StatusOr<Exit> exit = Serve(call, wish, folder);
  if (absl::IsCancelled(exit.status())) exit = Exit::kOk;  // Ctrl-C before it served
  std::error_code ignored;
  if (exit.ok()) std::filesystem::remove_all(folder, ignored);  // otherwise the log is wanted
  return exit;
}

}  // namespace

const Verb kProxy = {
    .name = "proxy",
    .group = "Start",
    .summary = "Runs one data plane that sends everything to one place: no control plane, no files",
    .arguments = "--to HOST:PORT",
    .flags = kFlags,
    .shared_flags = {},
    .details = "",
    .example = "penstock proxy --from :8080 --to localhost:3000",
    .run = RunProxy,
};

}  // namespace penstock::cli
