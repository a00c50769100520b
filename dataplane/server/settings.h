// What the command line says, checked.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dataplane/base/clock.h"
#include "dataplane/base/status.h"
#include "dataplane/telemetry/log/log.h"
#include "dataplane/xds/credentials.h"

namespace penstock::server {

struct Settings {
  // Where generations come from: control planes, or one file.
  std::vector<std::string> control_planes;
  xds::TlsFiles tls;
  std::string generation_file;
  std::string state_dir;  // "": nothing is kept on disk

  std::string id;
  std::string group;
  std::string gateway_class;
  std::map<std::string, std::string> labels;
  std::string zone;

  std::string bind_address;  // an IP literal
  int workers = 1;
  std::vector<int> cpus;  // of the affinity mask; worker i runs on cpus[i % size]
  Duration drain_grace{};
  Duration drain_timeout{};

  std::string metrics_address;  // "": none
  std::string admin_socket;     // "": none
  std::string access_log;       // "": none
  std::string audit_log;        // "": none
  telemetry::LogLevel log_level = telemetry::LogLevel::kInfo;
  telemetry::Log::Format log_format = telemetry::Log::Format::kText;

  // Settings that make the process less safe than its defaults do: shown by `penstock status`.
  std::vector<std::string> weakened;
};

// What --help and --version say. Once per process, before the next one.
void DescribeProgram();

// Reads the flags of argv. Errors say which flag and what to write instead. Prints and exits on --help and --version,
// as flags libraries do.
StatusOr<Settings> SettingsFromCommandLine(int argc, char** argv);

// "team=shop,tier=edge".
StatusOr<std::map<std::string, std::string>> ParseLabels(std::string_view text);

inline constexpr char kBuild[] = "0.1.0";

}  // namespace penstock::server
