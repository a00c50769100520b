#include "dataplane/server/settings.h"

#include <sched.h>
#include <unistd.h>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "dataplane/base/flags.h"
#include "dataplane/base/ip_address.h"

ABSL_FLAG(std::vector<std::string>, control_plane, {}, "control planes to get generations from, HOST:PORT[,HOST:PORT]");
ABSL_FLAG(std::string, tls_cert, "", "PEM file with the certificate for the control plane");
ABSL_FLAG(std::string, tls_key, "", "PEM file with its key; mode 0600");
ABSL_FLAG(std::string, tls_ca, "", "PEM file with the CA of the control plane");
ABSL_FLAG(std::string, generation, "", "serve this file (made by: penstock compile) instead of asking a control plane");
ABSL_FLAG(std::string, state_dir, "", "folder for the last served generation; each data plane needs its own");
ABSL_FLAG(std::string, id, "", "name of this replica, unique in the fleet; default: the host name");
ABSL_FLAG(std::string, group, "default", "name of the group of replicas, for people");
ABSL_FLAG(std::string, gateway_class, "default", "serve the Gateways of this GatewayClass");
ABSL_FLAG(std::string, labels, "", "serve only Gateways that carry these labels, k=v,k=v");
ABSL_FLAG(std::string, zone, "", "where this replica runs");
ABSL_FLAG(std::string, bind_address, "127.0.0.1", "address for Gateways that name none");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:9464", "ADDRESS:PORT for /metrics, /ready and /live; empty: none");
ABSL_FLAG(std::string, admin_socket, "", "path of the Unix socket for operators; empty: none");
ABSL_FLAG(std::string, access_log, "-", "file for the access log; -: standard output; empty: none");
ABSL_FLAG(std::string, audit_log, "",
          "file for a line per request that a policy refuses; -: standard output; empty: none");
ABSL_FLAG(absl::Duration, drain_grace, absl::Seconds(5), "after SIGTERM: how long new connections are still accepted");
ABSL_FLAG(absl::Duration, drain_timeout, absl::Seconds(30), "after that: how long running requests may take");
ABSL_FLAG(int, workers, 0, "threads; 0: one per CPU that this process may use");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warn or error");
ABSL_FLAG(std::string, log_format, "text", "text or json");

namespace penstock::server {
namespace {

constexpr int kMaxWorkers = 512;

Status Wrong(std::string_view flag, std::string_view text) {
  return absl::InvalidArgumentError(StrCat("--", flag, ": ", text));
}

std::string HostName() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name[0] != '\0' ? name : "dataplane";
}

std::vector<int> AllowedCpus() {
  std::vector<int> cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

Status TakeSource(Settings& settings) {
  settings.control_planes = absl::GetFlag(FLAGS_control_plane);
  settings.generation_file = absl::GetFlag(FLAGS_generation);
  settings.state_dir = absl::GetFlag(FLAGS_state_dir);
  settings.tls = {absl::GetFlag(FLAGS_tls_cert), absl::GetFlag(FLAGS_tls_key), absl::GetFlag(FLAGS_tls_ca)};
  bool from_file = !settings.generation_file.empty();
  if (from_file == !settings.control_planes.empty()) {
    return Wrong("control-plane", from_file ? "cannot be given together with --generation; leave one of them out"
                                            : "give HOST:PORT of a control plane, or a file with --generation");
  }
  if (from_file) return absl::OkStatus();
  for (const std::string& address : settings.control_planes) {
    if (address.find(':') == std::string::npos) {
      return Wrong("control-plane", StrCat("\"", address, "\" is not HOST:PORT"));
    }
  }
  if (settings.tls.cert.empty() || settings.tls.key.empty() || settings.tls.ca.empty()) {
    return Wrong("control-plane",
                 "needs --tls-cert, --tls-key and --tls-ca: control planes speak to certified data planes only");
  }
  return absl::OkStatus();
}

Status TakeIdentity(Settings& settings) {
  settings.id = absl::GetFlag(FLAGS_id);
  if (settings.id.empty()) settings.id = HostName();
  settings.group = absl::GetFlag(FLAGS_group);
  settings.gateway_class = absl::GetFlag(FLAGS_gateway_class);
  settings.zone = absl::GetFlag(FLAGS_zone);
  StatusOr<std::map<std::string, std::string>> labels = ParseLabels(absl::GetFlag(FLAGS_labels));
  if (!labels.ok()) return Wrong("labels", ToStd(labels.status().message()));
  settings.labels = *std::move(labels);
  return absl::OkStatus();
}

Status TakeWorkers(Settings& settings) {
  settings.cpus = AllowedCpus();
  settings.workers = absl::GetFlag(FLAGS_workers);
  if (settings.workers == 0) settings.workers = std::max<int>(1, static_cast<int>(settings.cpus.size()));
  if (settings.workers < 1 || settings.workers > kMaxWorkers) {
    return Wrong("workers", StrCat("must be between 1 and ", kMaxWorkers, ", or 0 for one per CPU"));
  }
  return absl::OkStatus();
}

Status TakeDuration(std::string_view flag, absl::Duration value, Duration& out) {
  if (value < absl::ZeroDuration() || value > absl::Hours(24)) return Wrong(flag, "must be between 0s and 24h");
  out = absl::ToChronoNanoseconds(value);
  return absl::OkStatus();
}

Status TakeAddresses(Settings& settings) {
  settings.bind_address = absl::GetFlag(FLAGS_bind_address);
  if (!IpAddress::Parse(settings.bind_address).ok()) {
    return Wrong("bind-address", StrCat("\"", settings.bind_address, "\" is not an IP address"));
  }
  settings.metrics_address = absl::GetFlag(FLAGS_metrics_address);
  bool loopback = settings.metrics_address.empty() || settings.metrics_address.starts_with("127.") ||
                  settings.metrics_address.starts_with("[::1]");
  if (!loopback) settings.weakened.push_back(StrCat("--metrics-address=", settings.metrics_address));
  settings.admin_socket = absl::GetFlag(FLAGS_admin_socket);
  settings.access_log = absl::GetFlag(FLAGS_access_log);
  settings.audit_log = absl::GetFlag(FLAGS_audit_log);
  return absl::OkStatus();
}

Status TakeLog(Settings& settings) {
  StatusOr<telemetry::LogLevel> level = telemetry::ParseLogLevel(absl::GetFlag(FLAGS_log_level));
  if (!level.ok()) return Wrong("log-level", ToStd(level.status().message()));
  settings.log_level = *level;
  std::string format = absl::GetFlag(FLAGS_log_format);
  if (format != "text" && format != "json") return Wrong("log-format", StrCat("\"", format, "\"; use text or json"));
  settings.log_format = format == "json" ? telemetry::Log::Format::kJson : telemetry::Log::Format::kText;
  return absl::OkStatus();
}

absl::FlagsUsageConfig UsageConfig() {
  absl::FlagsUsageConfig config;
  config.contains_helpshort_flags = [](absl::string_view file) { return file.find("dataplane/server") != file.npos; };
  config.contains_help_flags = config.contains_helpshort_flags;
  config.version_string = [] { return std::string("penstock-dataplane ") + kBuild + "\n"; };
  return config;
}

}  // namespace

void DescribeProgram() {
  absl::SetProgramUsageMessage("Serves HTTP traffic as its control plane, or a file, says.");
  absl::SetFlagsUsageConfig(UsageConfig());
}

StatusOr<Settings> SettingsFromCommandLine(int argc, char** argv) {
  std::vector<std::string> arguments = WithUnderscores(argc, argv);
  RETURN_IF_ERROR(CheckFlags(arguments));
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  std::vector<char*> rest = absl::ParseCommandLine(argc, pointers.data());
  if (rest.size() > 1) {
    return absl::InvalidArgumentError(StrCat("unexpected argument \"", std::string_view(rest[1]), "\"; see --help"));
  }
  Settings settings;
  RETURN_IF_ERROR(TakeSource(settings));
  RETURN_IF_ERROR(TakeIdentity(settings));
  RETURN_IF_ERROR(TakeWorkers(settings));
  RETURN_IF_ERROR(TakeAddresses(settings));
  RETURN_IF_ERROR(TakeLog(settings));
  RETURN_IF_ERROR(TakeDuration("drain-grace", absl::GetFlag(FLAGS_drain_grace), settings.drain_grace));
  RETURN_IF_ERROR(TakeDuration("drain-timeout", absl::GetFlag(FLAGS_drain_timeout), settings.drain_timeout));
  return settings;
}

StatusOr<std::map<std::string, std::string>> ParseLabels(std::string_view text) {
  std::map<std::string, std::string> labels;
  for (absl::string_view pair : absl::StrSplit(ToAbsl(text), ',', absl::SkipEmpty())) {
    std::vector<std::string> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    if (parts.size() != 2 || parts[0].empty()) {
      return absl::InvalidArgumentError(StrCat("\"", ToStd(pair), "\" is not KEY=VALUE"));
    }
    if (!labels.emplace(parts[0], parts[1]).second) {
      return absl::InvalidArgumentError(StrCat("\"", parts[0], "\" is given twice"));
    }
  }
  return labels;
}

}  // namespace penstock::server
