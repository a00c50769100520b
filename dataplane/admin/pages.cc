#include "dataplane/admin/pages.h"

#include <unistd.h>

#include <chrono>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "dataplane/admin/config_page.h"
#include "dataplane/admin/explain_page.h"
#include "dataplane/admin/json.h"
#include "dataplane/admin/live_facts.h"
#include "dataplane/base/status.h"
#include "dataplane/telemetry/stats/metrics.h"

namespace penstock::admin {
namespace {

using telemetry::StatusPage;
using telemetry::StatusReply;
using telemetry::StatusRequest;

constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kJson[] = "application/json";

StatusReply Ready(const Control& control) {
  Readiness readiness = control.readiness();
  return {readiness.ready ? 200 : 503, kText, readiness.why + "\n"};
}

// Of the generation that is served now.
telemetry::CertificateCollector Certificates(Control& control) {
  std::vector<telemetry::CertificateCollector::End> ends;
  if (proxy::GenerationLease running = control.Running()) {
    for (proxy::CertificateEnd& end : running->tls.CertificateEnds())
      ends.push_back({std::move(end.secret), end.until.time_since_epoch().count()});
  }
  return telemetry::CertificateCollector(std::move(ends));
}

StatusReply Metrics(Control& control, const telemetry::Registry& registry) {
  telemetry::Collector cells(registry);
  telemetry::CertificateCollector certificates = Certificates(control);
  telemetry::ProcessCollector process;
  return {200, telemetry::kMetricsContentType, telemetry::MetricsText({&cells, &certificates, &process})};
}

StatusReply NothingServed() { return {503, kText, "no generation is served yet\n"}; }

StatusReply Config(Control& control) {
  proxy::GenerationLease running = control.Running();
  if (!running) return NothingServed();
  return {200, kJson, ConfigJson(*running->snapshot)};
}

StatusReply Explain(Control& control, const StatusRequest& request) {
  proxy::GenerationLease running = control.Running();
  if (!running) return NothingServed();
  LiveFacts facts(running->policies, std::chrono::steady_clock::now());
  return ExplainPage(*running->snapshot, facts, request.body);
}

StatusReply Stats(const Control& control, const telemetry::Registry& registry, const telemetry::Log& log,
                  const ProcessFacts& facts) {
  const telemetry::ProcessCells& cells = registry.process();
  Readiness readiness = control.readiness();
  bool connected = cells.connected.Read() != 0;
  int64_t confirmed_at = cells.confirmed_at.Read();
  JsonWriter json;
  json.BeginObject();
  json.Field("id", facts.id);
  json.Field("build", facts.build);
  json.Field("pid", getpid());
  json.Field("workers", facts.workers);
  json.Field("ready", readiness.ready);
  json.Field("readyWhy", readiness.why);
  json.Field("generation", StrCat(cells.generation_epoch.Read(), ".", cells.generation_number.Read()));
  json.Field("connected", connected);
  if (!connected && confirmed_at != 0) {
    json.Field("configAgeSeconds", static_cast<double>(absl::GetCurrentTimeNanos() - confirmed_at) / 1e9);
  }
  json.Field("generationsServed", cells.generations_served.Read());
  json.Field("generationsRejected", cells.generations_rejected.Read());
  json.Field("lastKnownGoodBytes", cells.disk_bytes.Read());
  json.Field("logLevel", telemetry::LogLevelName(log.level()));
  json.EndObject();
  return {200, kJson, json.Take()};
}

StatusReply Drain(Control& control) {
  control.StartDrain();
  return {200, kText, "draining; the process ends when running requests have ended or --drain-timeout is over\n"};
}

StatusReply SetLogLevel(telemetry::Log& log, const StatusRequest& request) {
  std::string name(absl::StripAsciiWhitespace(request.body));
  StatusOr<telemetry::LogLevel> level = telemetry::ParseLogLevel(name);
  if (!level.ok()) return {400, kText, StrCat(ToStd(level.status().message()), " as the body\n")};
  log.SetLevel(*level);
  log.Info("admin", "log level changed", {{"level", name}});
  return {200, kText, StrCat("log level is ", name, "\n")};
}

}  // namespace

std::vector<StatusPage> PublicPages(Control& control, const telemetry::Registry& registry) {
  return {
      {"GET", "/metrics", "numbers for Prometheus", [&](const StatusRequest&) { return Metrics(control, registry); }},
      {"GET", "/ready", "200 while new connections are welcome, else 503 and why",
       [&](const StatusRequest&) { return Ready(control); }},
      {"GET", "/live", "200 while the process runs",
       [](const StatusRequest&) { return StatusReply{200, kText, "alive\n"}; }},
  };
}

std::vector<StatusPage> AdminPages(Control& control, const telemetry::Registry& registry, telemetry::Log& log,
                                   ProcessFacts facts) {
  std::vector<StatusPage> pages = PublicPages(control, registry);
  pages.push_back({"GET", "/stats", "the state of the process",
                   [&control, &registry, &log, facts = std::move(facts)](const StatusRequest&) {
                     return Stats(control, registry, log, facts);
                   }});
  pages.push_back({"GET", "/config", "the generation that is served, without secrets",
                   [&](const StatusRequest&) { return Config(control); }});
  pages.push_back({"POST", "/explain", "what happens to a request: {\"host\": ..., \"path\": ..., \"headers\": {...}}",
                   [&](const StatusRequest& request) { return Explain(control, request); }});
  pages.push_back({"POST", "/drain", "as SIGTERM does", [&](const StatusRequest&) { return Drain(control); }});
  pages.push_back({"POST", "/log-level", "debug, info, warn or error",
                   [&](const StatusRequest& request) { return SetLogLevel(log, request); }});
  return pages;
}

}  // namespace penstock::admin
