// penstock-controlplane: holds what people want, and streams it to every data plane.
#include <signal.h>
#include <string.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "controlplane/server/control_plane.h"
#include "dataplane/base/core_dumps.h"
#include "dataplane/base/flags.h"
#include "dataplane/base/standard_descriptors.h"
#include "dataplane/base/strings.h"
#include "dataplane/telemetry/log/grpc_log.h"
#include "dataplane/telemetry/log/log.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:9090", "ADDRESS:PORT of xDS and the management service (one port, mTLS)");
ABSL_FLAG(std::string, state_dir, "", "folder of the store; made with mode 0700 if it is missing");
ABSL_FLAG(
    std::string, store_key_file, "",
    "keys that Secrets in the store are sealed under, one a line, 32 bytes as base64 or hexadecimal digits: the first "
    "seals, all open; empty: store.key in --state-dir, made if it is missing");
ABSL_FLAG(std::string, tls_cert, "", "PEM certificate with the URI name spiffe://penstock/controlplane");
ABSL_FLAG(std::string, tls_key, "", "PEM private key of --tls-cert");
ABSL_FLAG(std::string, tls_ca, "", "PEM certificates of the authorities that data planes and operators come from");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:9465", "ADDRESS:PORT of /metrics, /ready and /live; empty: none");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warn or error");
ABSL_FLAG(bool, new_epoch, false,
          "confirm that the store was restored to an older state: data planes will take it as newer");

namespace penstock::server {
namespace {

constexpr int kUsageError = 2;

absl::FlagsUsageConfig UsageConfig() {
  absl::FlagsUsageConfig config;
  config.contains_helpshort_flags = [](absl::string_view file) {
    return file.find("controlplane/server") != file.npos;
  };
  config.contains_help_flags = config.contains_helpshort_flags;
  config.version_string = [] { return std::string("penstock-controlplane ") + kBuild + "\n"; };
  return config;
}

// Blocked before any thread starts, so that only main() takes them.
sigset_t BlockSignals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

Options OptionsFromFlags() {
  return {.listen = absl::GetFlag(FLAGS_listen),
          .state_dir = absl::GetFlag(FLAGS_state_dir),
          .store_key_file = absl::GetFlag(FLAGS_store_key_file),
          .metrics_address = absl::GetFlag(FLAGS_metrics_address),
          .tls = {.cert = absl::GetFlag(FLAGS_tls_cert),
                  .key = absl::GetFlag(FLAGS_tls_key),
                  .ca = absl::GetFlag(FLAGS_tls_ca)},
          .new_epoch = absl::GetFlag(FLAGS_new_epoch)};
}

int AwaitSignal(const sigset_t& signals) {
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  return signal_number;
}

void Reopen(ControlPlane& control_plane, telemetry::Log& log) {
  const absl::Status reopened = control_plane.Reopen();
  if (reopened.ok())
    log.Info("server", "opened the audit log anew", {{"signal", "Hangup"}});
  else
    log.Error("server", "the audit log stays the old one", {{"error", std::string(reopened.message())}});
}

int Run() {
  const sigset_t signals = BlockSignals();
  absl::StatusOr<telemetry::LogLevel> level = telemetry::ParseLogLevel(absl::GetFlag(FLAGS_log_level));
  if (!level.ok()) {
    std::fprintf(stderr, "penstock-controlplane: --log-level: %s\n", std::string(level.status().message()).c_str());
    return kUsageError;
  }
  const Options options = OptionsFromFlags();
  if (options.state_dir.empty()) {
    std::fprintf(stderr, "penstock-controlplane: --state-dir is missing: name the folder for the store\n");
    return kUsageError;
  }
  telemetry::Log log(*level);
  telemetry::GrpcLog grpc_log(log);
  absl::StatusOr<std::unique_ptr<ControlPlane>> control_plane = ControlPlane::Start(options, &log);
  if (!control_plane.ok()) {
    std::fprintf(stderr, "penstock-controlplane: %s\n", std::string(control_plane.status().message()).c_str());
    return 1;
  }
  log.Info("server", "ready",
           {{"port", StrCat((*control_plane)->port())}, {"metrics_port", StrCat((*control_plane)->metrics_port())}});
  int signal_number = AwaitSignal(signals);
  for (; signal_number == SIGHUP; signal_number = AwaitSignal(signals)) Reopen(**control_plane, log);
  log.Info("server", "stopping", {{"signal", strsignal(signal_number)}});
  (*control_plane)->Stop();
  return 0;
}

}  // namespace
}  // namespace penstock::server

int main(int argc, char** argv) {
  penstock::OpenStandardDescriptors();
  penstock::ForbidCoreDumps();
  absl::SetProgramUsageMessage("The control plane of Penstock.");
  absl::SetFlagsUsageConfig(penstock::server::UsageConfig());
  std::vector<std::string> arguments = penstock::WithUnderscores(argc, argv);
  const std::string help = penstock::HelpIfAsked(
      arguments, "penstock-controlplane: holds what people want, and streams it to every data plane.",
      "controlplane/server");
  if (!help.empty()) return std::fputs(help.c_str(), stdout) < 0 ? 1 : 0;
  const penstock::Status checked = penstock::CheckFlags(arguments);
  if (!checked.ok()) {
    std::fprintf(stderr, "penstock-controlplane: %s\n", std::string(checked.message()).c_str());
    return penstock::server::kUsageError;
  }
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  const std::vector<char*> rest = absl::ParseCommandLine(argc, pointers.data());
  if (rest.size() > 1) {
    std::fprintf(stderr, "penstock-controlplane: unexpected argument \"%s\"; see --help\n", rest[1]);
    return penstock::server::kUsageError;
  }
  return penstock::server::Run();
}
