#include "dataplane/telemetry/stats/metrics.h"

#include <sstream>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "prometheus/text_serializer.h"

namespace penstock::telemetry {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Label = ClientMetric::Label;

// A row says what one field of the cells means. `labels` is for the docs.
struct RowText {
  const char* name;
  const char* help;
  const char* labels;
};

template <typename Cells>
struct CounterRow {
  RowText text;
  Counter Cells::* field;
};
template <typename Cells>
struct GaugeRow {
  RowText text;
  Gauge Cells::* field;
};
template <typename Cells>
struct RequestRow {
  RowText text;
  RequestCounter Cells::* field;
};
template <typename Cells>
struct TlsFailureRow {
  RowText text;
  TlsFailureCounter Cells::* field;
};
template <typename Cells>
struct HistogramRow {
  RowText text;
  Histogram Cells::* field;
};

constexpr char kListener[] = "listener";
constexpr char kRoute[] = "listener, route";
constexpr char kCluster[] = "cluster";

constexpr CounterRow<ListenerCells> kListenerCounters[] = {
    {{"penstock_connections_total", "Connections accepted from clients.", kListener},
     &ListenerCells::connections_opened},
    {{"penstock_connections_refused_total", "Connections closed at once because a limit was reached.", kListener},
     &ListenerCells::connections_refused},
    {{"penstock_malformed_requests_total", "Requests refused because they are not valid HTTP or exceed a limit.",
      kListener},
     &ListenerCells::malformed_requests},
    {{"penstock_client_timeouts_total", "Connections and requests given up because the client was too slow.",
      kListener},
     &ListenerCells::client_timeouts},
    {{"penstock_http2_connections_total", "Connections of clients that spoke HTTP/2.", kListener},
     &ListenerCells::http2_connections},
    {{"penstock_http2_requests_total", "Requests that came over HTTP/2.", kListener}, &ListenerCells::http2_requests},
    {{"penstock_http2_refused_requests_total",
      "Requests over HTTP/2 that were refused because too many of their connection were open.", kListener},
     &ListenerCells::http2_refused},
    {{"penstock_http2_floods_total",
      "HTTP/2 connections ended because the client sent more frames without useful work than it may.", kListener},
     &ListenerCells::http2_floods},
    {{"penstock_http2_errors_total", "HTTP/2 connections ended because the client broke the protocol.", kListener},
     &ListenerCells::http2_errors},
    {{"penstock_tls_handshakes_total", "TLS handshakes with clients that succeeded.", kListener},
     &ListenerCells::tls_handshakes},
    {{"penstock_tls_resumptions_total", "Of these, those that resumed an earlier session.", kListener},
     &ListenerCells::tls_resumptions},
};
constexpr TlsFailureRow<ListenerCells> kListenerTlsFailures[] = {
    {{"penstock_tls_handshake_failures_total",
      "TLS handshakes with clients that failed, by cause; before the server name is known they count for the least "
      "specific listener of the port.",
      "listener, cause"},
     &ListenerCells::tls_failures},
};
constexpr GaugeRow<ListenerCells> kListenerGauges[] = {
    {{"penstock_connections_active", "Open connections of clients.", kListener}, &ListenerCells::connections_active},
    {{"penstock_requests_active", "Requests being answered.", kListener}, &ListenerCells::requests_active},
    {{"penstock_tunnels_active", "Connections that switched to another protocol and are open.", kListener},
     &ListenerCells::tunnels_active},
};
constexpr RowText kUpgrades = {"penstock_upgrades_total",
                               "Connections that switched to another protocol: \"websocket\" or \"other\".",
                               "listener, protocol"};

constexpr RequestRow<RouteCells> kRouteRequests[] = {
    {{"penstock_requests_total",
      "Requests by class of the final status; code_class \"none\": the client left before there was one; route \"\": "
      "no "
      "route matched.",
      "listener, route, code_class"},
     &RouteCells::requests},
};
constexpr CounterRow<RouteCells> kRouteCounters[] = {
    {{"penstock_request_bytes_total", "Bytes of request bodies taken from clients.", kRoute},
     &RouteCells::request_bytes},
    {{"penstock_response_bytes_total", "Bytes of response bodies given to clients.", kRoute},
     &RouteCells::response_bytes},
    {{"penstock_layer4_sessions_total",
      "Connections of TCP and TLS listeners that were carried or refused, and UDP sessions; route \"\": no route "
      "matched.",
      kRoute},
     &RouteCells::sessions},
    {{"penstock_layer4_received_bytes_total", "Bytes of those from clients, given to upstreams.", kRoute},
     &RouteCells::session_bytes_in},
    {{"penstock_layer4_sent_bytes_total", "Bytes of those from upstreams, given to clients.", kRoute},
     &RouteCells::session_bytes_out},
};
constexpr GaugeRow<RouteCells> kRouteGauges[] = {
    {{"penstock_layer4_sessions_active", "Carried connections and UDP sessions that are open.", kRoute},
     &RouteCells::sessions_active},
};
constexpr HistogramRow<RouteCells> kRouteHistograms[] = {
    {{"penstock_request_duration_seconds", "From the first byte of a request to the last byte of its response.",
      kRoute},
     &RouteCells::duration},
};

constexpr RequestRow<ClusterCells> kClusterRequests[] = {
    {{"penstock_upstream_requests_total",
      "Attempts by class of the upstream's status; code_class \"none\": it gave none.", "cluster, code_class"},
     &ClusterCells::requests},
};
constexpr CounterRow<ClusterCells> kClusterCounters[] = {
    {{"penstock_upstream_request_bytes_total", "Bytes of request bodies sent to upstreams.", kCluster},
     &ClusterCells::request_bytes},
    {{"penstock_upstream_response_bytes_total", "Bytes of response bodies received from upstreams.", kCluster},
     &ClusterCells::response_bytes},
    {{"penstock_upstream_connections_total", "Connections opened to upstreams.", kCluster},
     &ClusterCells::connections_opened},
    {{"penstock_upstream_connection_failures_total", "Connections that could not be opened.", kCluster},
     &ClusterCells::connection_failures},
    {{"penstock_upstream_connections_reused_total", "Attempts that found an idle connection in the pool.", kCluster},
     &ClusterCells::connections_reused},
    {{"penstock_upstream_limit_refusals_total", "Attempts refused because a limit of the cluster was reached.",
      kCluster},
     &ClusterCells::limit_refusals},
    {{"penstock_upstream_retries_total", "Attempts after the first of a request.", kCluster}, &ClusterCells::retries},
    {{"penstock_upstream_retries_denied_total", "Retries that the retry budget refused.", kCluster},
     &ClusterCells::retries_denied},
    {{"penstock_upstream_timeouts_total", "Attempts given up because the upstream was too slow.", kCluster},
     &ClusterCells::timeouts},
    {{"penstock_upstream_resets_total", "Attempts whose connection broke before the end of the response.", kCluster},
     &ClusterCells::resets},
    {{"penstock_upstream_mirrored_total", "Copies of requests sent by a mirror filter.", kCluster},
     &ClusterCells::mirrored},
    {{"penstock_upstream_mirrors_skipped_total",
      "Copies not sent: the content is larger than 64 KiB, or too many copies run already.", kCluster},
     &ClusterCells::mirrors_skipped},
    {{"penstock_upstream_dns_failures_total", "Resolutions that failed; the last good addresses stay in use.",
      kCluster},
     &ClusterCells::dns_failures},
    {{"penstock_upstream_layer4_sent_bytes_total", "Bytes of carried connections and UDP sessions sent to upstreams.",
      kCluster},
     &ClusterCells::session_bytes_sent},
    {{"penstock_upstream_layer4_received_bytes_total",
      "Bytes of carried connections and UDP sessions received from upstreams.", kCluster},
     &ClusterCells::session_bytes_received},
};
constexpr GaugeRow<ClusterCells> kClusterGauges[] = {
    {{"penstock_upstream_requests_active", "Attempts in flight.", kCluster}, &ClusterCells::requests_active},
    {{"penstock_upstream_connections_active", "Open connections to upstreams, idle ones included.", kCluster},
     &ClusterCells::connections_active},
    {{"penstock_upstream_connections_idle", "Idle connections in the pools.", kCluster},
     &ClusterCells::connections_idle},
};
constexpr HistogramRow<ClusterCells> kClusterHistograms[] = {
    {{"penstock_upstream_response_seconds", "From the start of an attempt to the head of its response.", kCluster},
     &ClusterCells::response_time},
};

constexpr CounterRow<WorkerCells> kWorkerCounters[] = {
    {{"penstock_access_log_lines_total", "Lines queued for the access log.", ""}, &WorkerCells::log_lines},
    {{"penstock_access_log_drops_total", "Lines dropped because the access log could not keep up.", ""},
     &WorkerCells::log_drops},
};
constexpr RowText kLocalReplies = {"penstock_local_replies_total",
                                   "Responses made by the data plane itself, and carried connections that it ended, by "
                                   "reason (penstock explain REASON).",
                                   "reason"};

constexpr CounterRow<ProcessCells> kProcessCounters[] = {
    {{"penstock_generations_served_total", "Generations that all workers took.", ""},
     &ProcessCells::generations_served},
    {{"penstock_generations_rejected_total", "Generations refused; the one before went on.", ""},
     &ProcessCells::generations_rejected},
    {{"penstock_endpoints_updates_total", "Endpoint sets applied without a generation.", ""},
     &ProcessCells::endpoints_updates},
    {{"penstock_xds_connection_attempts_total", "Attempts to reach a control plane.", ""},
     &ProcessCells::connection_attempts},
    {{"penstock_xds_received_bytes_total", "Bytes of messages received from control planes.", ""},
     &ProcessCells::bytes_received},
    {{"penstock_last_known_good_failures_total", "Failures to write the last known good generation to disk.", ""},
     &ProcessCells::disk_failures},
    {{"penstock_access_log_written_bytes_total", "Bytes written to the access log.", ""}, &ProcessCells::log_bytes},
    {{"penstock_access_log_write_failures_total", "Writes of the access log that failed; lines wait in the rings.", ""},
     &ProcessCells::log_write_failures},
};
constexpr RowText kReady = {"penstock_ready", "1 while /ready answers 200.", ""};
constexpr GaugeRow<ProcessCells> kProcessGauges[] = {
    {{"penstock_draining", "1 from SIGTERM on.", ""}, &ProcessCells::draining},
    {{"penstock_generation_epoch", "Epoch of the generation served.", ""}, &ProcessCells::generation_epoch},
    {{"penstock_generation_number", "Number of the generation served; 0: none.", ""}, &ProcessCells::generation_number},
    {{"penstock_xds_connected", "1 while a control plane's stream is up.", ""}, &ProcessCells::connected},
    {{"penstock_last_known_good_bytes", "Size of the last known good file.", ""}, &ProcessCells::disk_bytes},
};

constexpr RowText kConfigAge = {"penstock_config_age_seconds",
                                "Since the running generation was last known to be current: 0 while a control plane's "
                                "stream is up; without one, since it was loaded or the stream was lost.",
                                ""};
constexpr RowText kGenerationAge = {"penstock_generation_served_seconds",
                                    "For how long the running generation has been served.", ""};
constexpr RowText kOverflow = {"penstock_metrics_overflow_names",
                               "Names that have no series of their own and count under \"_other\", by scope.", "scope"};

MetricFamily Family(const RowText& text, MetricType type) {
  MetricFamily family;
  family.name = text.name;
  family.help = text.help;
  family.type = type;
  return family;
}

// The labels of a series.
std::vector<Label> Labels(const Series<ListenerCells>& series) { return {{"listener", series.key.listener}}; }
std::vector<Label> Labels(const Series<RouteCells>& series) {
  return {{"listener", series.key.listener}, {"route", series.key.name}};
}
std::vector<Label> Labels(const Series<ClusterCells>& series) { return {{"cluster", series.key.name}}; }

template <typename Range, typename Read>
double Sum(const Range& cells, Read read) {
  double sum = 0;
  for (const auto& cell : cells) sum += static_cast<double>(read(cell));
  return sum;
}

ClientMetric CounterMetric(std::vector<Label> labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = value;
  return metric;
}

ClientMetric GaugeMetric(std::vector<Label> labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  return metric;
}

template <typename Cells>
ClientMetric HistogramMetric(const Series<Cells>& series, Histogram Cells::* field) {
  ClientMetric metric;
  metric.label = Labels(series);
  for (size_t i = 0; i < Histogram::kBuckets; ++i) {
    metric.histogram.sample_count +=
        static_cast<uint64_t>(Sum(series.per_worker, [&](const Cells& cells) { return (cells.*field).ReadBucket(i); }));
    double bound = i < Histogram::kBoundsNs.size() ? static_cast<double>(Histogram::kBoundsNs[i]) / 1e9
                                                   : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({metric.histogram.sample_count, bound});
  }
  metric.histogram.sample_sum =
      Sum(series.per_worker, [&](const Cells& cells) { return (cells.*field).ReadSumNs(); }) / 1e9;
  return metric;
}

template <typename Cells>
using SeriesList = std::vector<std::shared_ptr<Series<Cells>>>;

template <typename Cells, size_t N>
void AddCounters(const CounterRow<Cells> (&rows)[N], const SeriesList<Cells>& list, std::vector<MetricFamily>& out) {
  for (const CounterRow<Cells>& row : rows) {
    MetricFamily family = Family(row.text, MetricType::Counter);
    for (const auto& series : list) {
      double sum = Sum(series->per_worker, [&](const Cells& cells) { return (cells.*row.field).Read(); });
      family.metric.push_back(CounterMetric(Labels(*series), sum));
    }
    out.push_back(std::move(family));
  }
}

template <typename Cells, size_t N>
void AddGauges(const GaugeRow<Cells> (&rows)[N], const SeriesList<Cells>& list, std::vector<MetricFamily>& out) {
  for (const GaugeRow<Cells>& row : rows) {
    MetricFamily family = Family(row.text, MetricType::Gauge);
    for (const auto& series : list) {
      double sum = Sum(series->per_worker, [&](const Cells& cells) { return (cells.*row.field).Read(); });
      family.metric.push_back(GaugeMetric(Labels(*series), sum));
    }
    out.push_back(std::move(family));
  }
}

template <typename Cells, size_t N>
void AddRequests(const RequestRow<Cells> (&rows)[N], const SeriesList<Cells>& list, std::vector<MetricFamily>& out) {
  for (const RequestRow<Cells>& row : rows) {
    MetricFamily family = Family(row.text, MetricType::Counter);
    for (const auto& series : list) {
      for (size_t i = 0; i < kCodeClasses; ++i) {
        double sum = Sum(series->per_worker, [&](const Cells& cells) { return (cells.*row.field).At(i).Read(); });
        if (sum == 0) continue;
        std::vector<Label> labels = Labels(*series);
        labels.push_back({"code_class", kCodeClassNames[i]});
        family.metric.push_back(CounterMetric(std::move(labels), sum));
      }
    }
    out.push_back(std::move(family));
  }
}

void AddUpgrades(const SeriesList<ListenerCells>& list, std::vector<MetricFamily>& out) {
  MetricFamily family = Family(kUpgrades, MetricType::Counter);
  for (const auto& series : list) {
    for (size_t i = 0; i < UpgradeCounter::kNames.size(); ++i) {
      double sum = Sum(series->per_worker, [&](const ListenerCells& cells) { return cells.upgrades.At(i).Read(); });
      if (sum == 0) continue;
      std::vector<Label> labels = Labels(*series);
      labels.push_back({"protocol", UpgradeCounter::kNames[i]});
      family.metric.push_back(CounterMetric(std::move(labels), sum));
    }
  }
  out.push_back(std::move(family));
}

template <typename Cells, size_t N>
void AddTlsFailures(const TlsFailureRow<Cells> (&rows)[N], const SeriesList<Cells>& list,
                    std::vector<MetricFamily>& out) {
  for (const TlsFailureRow<Cells>& row : rows) {
    MetricFamily family = Family(row.text, MetricType::Counter);
    for (const auto& series : list) {
      for (size_t i = 0; i < kTlsFailures; ++i) {
        double sum = Sum(series->per_worker, [&](const Cells& cells) { return (cells.*row.field).At(i).Read(); });
        if (sum == 0) continue;
        std::vector<Label> labels = Labels(*series);
        labels.push_back({"cause", kTlsFailureNames[i]});
        family.metric.push_back(CounterMetric(std::move(labels), sum));
      }
    }
    out.push_back(std::move(family));
  }
}

template <typename Cells, size_t N>
void AddHistograms(const HistogramRow<Cells> (&rows)[N], const SeriesList<Cells>& list,
                   std::vector<MetricFamily>& out) {
  for (const HistogramRow<Cells>& row : rows) {
    MetricFamily family = Family(row.text, MetricType::Histogram);
    for (const auto& series : list) family.metric.push_back(HistogramMetric(*series, row.field));
    out.push_back(std::move(family));
  }
}

bool AnyFailure(const TlsFailureCounter& failures) {
  for (size_t i = 0; i < kTlsFailures; ++i) {
    if (failures.At(i).Read() > 0) return true;
  }
  return false;
}

// Handshakes count for the listener of their server name, connections for the least specific one.
bool Used(const ListenerCells& cells) {
  if (cells.connections_opened.Read() + cells.connections_refused.Read() + cells.tls_handshakes.Read() > 0) return true;
  return AnyFailure(cells.tls_failures);
}
bool Used(const RouteCells& cells) {
  if (cells.sessions.Read() + cells.sessions_active.Read() > 0) return true;
  for (size_t i = 0; i < kCodeClasses; ++i) {
    if (cells.requests.At(i).Read() > 0) return true;
  }
  return false;
}
bool Used(const ClusterCells& cells) {
  if (cells.connections_opened.Read() + cells.connection_failures.Read() + cells.dns_failures.Read() > 0) return true;
  if (cells.limit_refusals.Read() + cells.requests_active.Read() > 0) return true;
  for (size_t i = 0; i < kCodeClasses; ++i) {
    if (cells.requests.At(i).Read() > 0) return true;
  }
  return false;
}

// A label set shows up when it was used for the first time, and stays: most routes of a large table are idle.
template <typename Cells>
void DropUnused(SeriesList<Cells>& list) {
  std::erase_if(list, [](const auto& series) {
    for (const Cells& cells : series->per_worker) {
      if (Used(cells)) return false;
    }
    return true;
  });
}

void AddWorkerCells(const Registry& registry, std::vector<MetricFamily>& out) {
  auto sum_over_workers = [&](auto read) {
    double sum = 0;
    for (int i = 0; i < registry.workers(); ++i) sum += static_cast<double>(read(registry.worker(i)));
    return sum;
  };
  for (const CounterRow<WorkerCells>& row : kWorkerCounters) {
    MetricFamily family = Family(row.text, MetricType::Counter);
    double sum = sum_over_workers([&](const WorkerCells& cells) { return (cells.*row.field).Read(); });
    family.metric.push_back(CounterMetric({}, sum));
    out.push_back(std::move(family));
  }
  MetricFamily replies = Family(kLocalReplies, MetricType::Counter);
  for (size_t i = 0; i < registry.reasons().size() && i < kMaxReasons; ++i) {
    double sum = sum_over_workers([&](const WorkerCells& cells) { return cells.local_replies[i].Read(); });
    if (sum > 0) replies.metric.push_back(CounterMetric({{"reason", registry.reasons()[i]}}, sum));
  }
  out.push_back(std::move(replies));
}

double SecondsSince(int64_t unix_ns) {
  if (unix_ns == 0) return 0;
  return static_cast<double>(absl::GetCurrentTimeNanos() - unix_ns) / 1e9;
}

void AddProcessCells(const ProcessCells& cells, std::vector<MetricFamily>& out) {
  for (const CounterRow<ProcessCells>& row : kProcessCounters) {
    MetricFamily family = Family(row.text, MetricType::Counter);
    family.metric.push_back(CounterMetric({}, static_cast<double>((cells.*row.field).Read())));
    out.push_back(std::move(family));
  }
  MetricFamily ready = Family(kReady, MetricType::Gauge);
  ready.metric.push_back(GaugeMetric({}, cells.Ready() ? 1 : 0));
  out.push_back(std::move(ready));
  for (const GaugeRow<ProcessCells>& row : kProcessGauges) {
    MetricFamily family = Family(row.text, MetricType::Gauge);
    family.metric.push_back(GaugeMetric({}, static_cast<double>((cells.*row.field).Read())));
    out.push_back(std::move(family));
  }
  MetricFamily config_age = Family(kConfigAge, MetricType::Gauge);
  double age = cells.connected.Read() != 0 ? 0 : SecondsSince(cells.confirmed_at.Read());
  config_age.metric.push_back(GaugeMetric({}, age));
  out.push_back(std::move(config_age));
  MetricFamily generation_age = Family(kGenerationAge, MetricType::Gauge);
  generation_age.metric.push_back(GaugeMetric({}, SecondsSince(cells.generation_served_at.Read())));
  out.push_back(std::move(generation_age));
}

void AddOverflow(const Registry::Alive& alive, std::vector<MetricFamily>& out) {
  MetricFamily family = Family(kOverflow, MetricType::Gauge);
  family.metric.push_back(GaugeMetric({{"scope", "listener"}}, static_cast<double>(alive.overflow_listeners)));
  family.metric.push_back(GaugeMetric({{"scope", "route"}}, static_cast<double>(alive.overflow_routes)));
  family.metric.push_back(GaugeMetric({{"scope", "cluster"}}, static_cast<double>(alive.overflow_clusters)));
  out.push_back(std::move(family));
}

void DocRow(const RowText& text, const char* type, std::string& out) {
  absl::StrAppend(&out, "| `", text.name, "` | ", type, " | ", text.labels, " | ", text.help, " |\n");
}

template <typename Rows>
void DocRows(const Rows& rows, const char* type, std::string& out) {
  for (const auto& row : rows) DocRow(row.text, type, out);
}

}  // namespace

std::vector<MetricFamily> Collector::Collect() const {
  Registry::Alive alive = registry_.Collect();
  DropUnused(alive.listeners);
  DropUnused(alive.routes);
  DropUnused(alive.clusters);
  std::vector<MetricFamily> out;
  AddRequests(kRouteRequests, alive.routes, out);
  AddHistograms(kRouteHistograms, alive.routes, out);
  AddCounters(kRouteCounters, alive.routes, out);
  AddGauges(kRouteGauges, alive.routes, out);
  AddCounters(kListenerCounters, alive.listeners, out);
  AddTlsFailures(kListenerTlsFailures, alive.listeners, out);
  AddGauges(kListenerGauges, alive.listeners, out);
  AddUpgrades(alive.listeners, out);
  AddRequests(kClusterRequests, alive.clusters, out);
  AddHistograms(kClusterHistograms, alive.clusters, out);
  AddCounters(kClusterCounters, alive.clusters, out);
  AddGauges(kClusterGauges, alive.clusters, out);
  AddWorkerCells(registry_, out);
  AddProcessCells(registry_.process(), out);
  AddOverflow(alive, out);
  return out;
}

std::string MetricsText(const std::vector<const prometheus::Collectable*>& collectables) {
  std::ostringstream out;
  prometheus::TextSerializer serializer;
  for (const prometheus::Collectable* collectable : collectables) {
    std::vector<MetricFamily> families = collectable->Collect();
    std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
    serializer.Serialize(out, families);
  }
  return std::move(out).str();
}

std::string MetricsDocs() {
  std::string out =
      "# Metrics of a data plane\n\n"
      "Served as Prometheus text at `/metrics` of `--metrics-address`. This page is made from the table in\n"
      "`dataplane/telemetry/stats/metrics.cc`; a test keeps it equal.\n\n"
      "A label set (a listener, a listener with a route, a cluster) shows up when it is used for the first time and "
      "goes\n"
      "when no running generation names it; its counts move to the label `_retired` of its scope (of its listener, "
      "for\n"
      "a route whose listener stays), so that sums never fall. Each scope has at most 2,000 label sets; further names "
      "count under "
      "`_other`,\n"
      "and `penstock_metrics_overflow_names` says how many they are. Process metrics have the usual names "
      "(`process_*`).\n\n"
      "| Name | Type | Labels | Meaning |\n|---|---|---|---|\n";
  DocRows(kRouteRequests, "counter", out);
  DocRows(kRouteHistograms, "histogram", out);
  DocRows(kRouteCounters, "counter", out);
  DocRows(kRouteGauges, "gauge", out);
  DocRows(kListenerCounters, "counter", out);
  DocRows(kListenerTlsFailures, "counter", out);
  DocRows(kListenerGauges, "gauge", out);
  DocRow(kUpgrades, "counter", out);
  DocRows(kClusterRequests, "counter", out);
  DocRows(kClusterHistograms, "histogram", out);
  DocRows(kClusterCounters, "counter", out);
  DocRows(kClusterGauges, "gauge", out);
  DocRow(kLocalReplies, "counter", out);
  DocRows(kWorkerCounters, "counter", out);
  DocRows(kProcessCounters, "counter", out);
  DocRow(kReady, "gauge", out);
  DocRows(kProcessGauges, "gauge", out);
  DocRow(kConfigAge, "gauge", out);
  DocRow(kGenerationAge, "gauge", out);
  DocRow(kOverflow, "gauge", out);
  return out;
}

}  // namespace penstock::telemetry
