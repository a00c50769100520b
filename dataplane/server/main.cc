// penstock-dataplane: serves traffic. Exit codes: 0 drained, 1 could not start or had to break requests off, 2 wrong
// flags.
#include <csignal>
#include <cstdio>

#include "dataplane/base/core_dumps.h"
#include "dataplane/base/flags.h"
#include "dataplane/base/standard_descriptors.h"
#include "dataplane/io/reactor/signals.h"
#include "dataplane/server/server.h"
#include "dataplane/server/settings.h"
#include "dataplane/telemetry/log/grpc_log.h"

namespace {

constexpr int kDrained = 0;
constexpr int kFailed = 1;
constexpr int kWrongFlags = 2;

int Fail(int code, const penstock::Status& status) {
  std::fprintf(stderr, "penstock-dataplane: %s\n", std::string(status.message()).c_str());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  penstock::OpenStandardDescriptors();
  penstock::ForbidCoreDumps();
  penstock::server::DescribeProgram();
  const std::string help = penstock::HelpIfAsked(
      penstock::WithUnderscores(argc, argv),
      "penstock-dataplane: serves HTTP traffic as its control plane, or a file, says.", "dataplane/server");
  if (!help.empty()) return std::fputs(help.c_str(), stdout) < 0 ? kFailed : 0;
  penstock::StatusOr<penstock::server::Settings> settings = penstock::server::SettingsFromCommandLine(argc, argv);
  if (!settings.ok()) return Fail(kWrongFlags, settings.status());
  penstock::Status blocked = penstock::io::BlockSignals({SIGTERM, SIGINT, SIGHUP});
  if (!blocked.ok()) return Fail(kFailed, blocked);
  penstock::telemetry::Log log(settings->log_level, settings->log_format);
  penstock::telemetry::GrpcLog grpc_log(log);
  penstock::server::Server server(*std::move(settings), log);
  penstock::Status started = server.Start();
  if (!started.ok()) return Fail(kFailed, started);
  penstock::Status ended = server.Run();
  return ended.ok() ? kDrained : kFailed;
}
