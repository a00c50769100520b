#include "tools/cli/fleet_runner.h"

#include <sys/stat.h>

#include "dataplane/base/status.h"
#include "tools/cli/files.h"
#include "tools/cli/local.h"
#include "tools/cli/pki.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

constexpr absl::Duration kThrowAwayLifetime = absl::Hours(24 * 30);
constexpr absl::Duration kStartLimit = absl::Seconds(20);
constexpr absl::Duration kStopGrace = absl::Seconds(8);

absl::Status IssueTo(const FleetLayout& layout, const KeyPair& ca, std::string_view name, const Identity& identity) {
  if (ReadFile(layout.Pki(StrCat(name, ".crt"))).ok()) return absl::OkStatus();
  ASSIGN_OR_RETURN(KeyPair leaf, Issue(ca, identity, kThrowAwayLifetime));
  return WriteKeyPair(layout.Pki(""), name, leaf);
}

}  // namespace

absl::Status FleetRunner::Prepare() {
  for (std::string folder : {"pki", "logs", "run", "controlplane"})
    RETURN_IF_ERROR(MakeFolders(layout_.folder + "/" + folder));
  if (!ReadFile(layout_.Pki("ca.key")).ok()) {
    ASSIGN_OR_RETURN(KeyPair made, MakeCa("penstock up (throw-away)", kThrowAwayLifetime));
    RETURN_IF_ERROR(WriteKeyPair(layout_.Pki(""), "ca", made));
  }
  ASSIGN_OR_RETURN(KeyPair ca, LoadCa(layout_.Pki("")));
  RETURN_IF_ERROR(IssueTo(layout_, ca, "controlplane", ControlPlaneIdentity({"127.0.0.1", "localhost"})));
  RETURN_IF_ERROR(IssueTo(layout_, ca, "operator-up", OperatorIdentity("up")));
  for (const FleetLayout::Replica& replica : layout_.replicas) {
    RETURN_IF_ERROR(MakeFolders(StrCat(layout_.folder, "/", replica.name)));
    RETURN_IF_ERROR(IssueTo(layout_, ca, "dataplane-" + replica.name, DataPlaneIdentity(replica.name)));
  }
  return absl::OkStatus();
}

absl::Status FleetRunner::Start() {
  if (!layout_.demo.empty()) {
    RETURN_IF_ERROR(StartOne(layout_.DemoUpstream()));
    uint16_t last_port = layout_.demo.back().port;
    RETURN_IF_ERROR(WaitUntilAccepts(processes_, "127.0.0.1", last_port, layout_.Log(FleetLayout::kDemo), kStartLimit));
  }
  RETURN_IF_ERROR(StartOne(layout_.ControlPlane()));
  RETURN_IF_ERROR(WaitUntilAccepts(processes_, "127.0.0.1", layout_.control_plane_port,
                                   layout_.Log(FleetLayout::kControlPlane), kStartLimit));
  for (const FleetLayout::Replica& replica : layout_.replicas) RETURN_IF_ERROR(StartOne(layout_.DataPlane(replica)));
  for (const FleetLayout::Replica& replica : layout_.replicas) {
    RETURN_IF_ERROR(
        WaitUntilAccepts(processes_, replica.address, replica.metrics, layout_.Log(replica.name), kStartLimit));
  }
  return absl::OkStatus();
}

absl::Status FleetRunner::StartOne(const Program& program) {
  std::string script = layout_.Script(program.name);
  RETURN_IF_ERROR(WriteFileAtomically(script, StartScript(program)));
  chmod(script.c_str(), 0700);
  ASSIGN_OR_RETURN(pid_t pid, processes_.Start(program));
  return WriteFileAtomically(script + ".pid", StrCat(pid, "\n"));
}

absl::StatusOr<Exit> FleetRunner::ApplyAndWait(const std::vector<std::string>& files) {
  if (!files.empty()) {
    std::vector<std::string> apply = {"apply", "--wait=none", "--quiet", "--message=penstock up"};
    for (const std::string& file : files) apply.push_back("--file=" + file);
    ASSIGN_OR_RETURN(Exit applied, RunOurselves(apply));
    if (applied != Exit::kOk) return applied;
  }
  ASSIGN_OR_RETURN(Exit served,
                   RunOurselves({"wait", StrCat("--replicas=", layout_.replicas.size()), "--timeout=20s", "--quiet"}));
  if (served == Exit::kOk) return served;
  ASSIGN_OR_RETURN(Exit status, RunOurselves({"status"}));
  return status == Exit::kRejected ? status : served;
}

absl::StatusOr<Exit> FleetRunner::RunOurselves(std::vector<std::string> arguments) {
  Program program = layout_.Ourselves(std::move(arguments));
  RETURN_IF_ERROR(processes_.Start(program).status());
  for (;;) {
    Processes::Event event = processes_.Wait(absl::Minutes(5));
    if (event.kind == Processes::Event::kStop) return absl::CancelledError("stopped");
    if (event.kind == Processes::Event::kTimeout) return absl::DeadlineExceededError(program.name + " does not end");
    if (event.death.name == program.name) return static_cast<Exit>(event.death.exit);
    return absl::DataLossError(DeathText(event.death, layout_.Log(event.death.name)));
  }
}

void FleetRunner::Watch() {
  for (;;) {
    Processes::Event event = processes_.Wait(absl::Hours(1));
    if (event.kind == Processes::Event::kStop) return;
    if (event.kind == Processes::Event::kDeath) TellDeath(event.death);
  }
}

void FleetRunner::TellDeath(const Death& death) {
  console_.Error(DeathText(death, layout_.Log(death.name)));
  if (death.name == FleetLayout::kControlPlane) console_.Error("  the replicas go on serving what they have");
  console_.Error(StrCat("  start it again:  ", layout_.Script(death.name), " &"));
}

void FleetRunner::Stop() {
  std::vector<std::string> replicas;
  for (const FleetLayout::Replica& replica : layout_.replicas) replicas.push_back(replica.name);
  processes_.Stop(replicas, kStopGrace);
  processes_.Stop({std::string(FleetLayout::kDemo)}, kStopGrace);
  processes_.Stop({std::string(FleetLayout::kControlPlane)}, kStopGrace);
}

}  // namespace penstock::cli
