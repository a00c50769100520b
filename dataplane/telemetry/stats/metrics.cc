#include "dataplane/telemetry/stats/metrics.h"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "dataplane/telemetry/stats/metric_rows.h"
#include "prometheus/text_serializer.h"

namespace penstock::telemetry {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Label = ClientMetric::Label;

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

void AddGrpcCalls(const SeriesList<RouteCells>& list, std::vector<MetricFamily>& out) {
  MetricFamily family = Family(kGrpcCalls, MetricType::Counter);
  for (const auto& series : list) {
    for (size_t i = 0; i < GrpcCounter::kNames; ++i) {
      double sum = Sum(series->per_worker, [&](const RouteCells& cells) { return cells.grpc_calls.Read(i); });
      if (sum == 0) continue;
      std::vector<Label> labels = Labels(*series);
      labels.push_back({"grpc_status", GrpcCounter::NameOf(i)});
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
  for (const GaugeRow<WorkerCells>& row : kWorkerGauges) {
    MetricFamily family = Family(row.text, MetricType::Gauge);
    double sum = sum_over_workers([&](const WorkerCells& cells) { return (cells.*row.field).Read(); });
    family.metric.push_back(GaugeMetric({}, sum));
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
  MetricFamily fetches = Family(kFetches, MetricType::Counter);
  fetches.metric.push_back(CounterMetric({{"result", "ok"}}, static_cast<double>(cells.fetches.Read())));
  fetches.metric.push_back(CounterMetric({{"result", "failed"}}, static_cast<double>(cells.fetch_failures.Read())));
  out.push_back(std::move(fetches));
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
  MetricFamily ticket_key_age = Family(kTicketKeyAge, MetricType::Gauge);
  ticket_key_age.metric.push_back(GaugeMetric({}, SecondsSince(cells.ticket_key_since.Read())));
  out.push_back(std::move(ticket_key_age));
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
  AddGrpcCalls(alive.routes, out);
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
  AddTlsFailures(kClusterTlsFailures, alive.clusters, out);
  AddGauges(kClusterGauges, alive.clusters, out);
  AddWorkerCells(registry_, out);
  AddProcessCells(registry_.process(), out);
  AddOverflow(alive, out);
  return out;
}

std::vector<MetricFamily> CertificateCollector::Collect() const {
  std::vector<End> ends = ends_;
  std::sort(ends.begin(), ends.end(), [](const End& a, const End& b) {
    return std::tie(a.not_after, a.secret) < std::tie(b.not_after, b.secret);
  });
  if (ends.size() > kMostCertificates) ends.resize(kMostCertificates);
  MetricFamily family = Family(kCertificateNotAfter, MetricType::Gauge);
  for (const End& end : ends)
    family.metric.push_back(GaugeMetric({{"secret", end.secret}}, static_cast<double>(end.not_after)));
  return {std::move(family)};
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
      "`dataplane/telemetry/stats/metric_rows.h`; a test keeps it equal.\n\n"
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
  DocRow(kGrpcCalls, "counter", out);
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
  DocRows(kClusterTlsFailures, "counter", out);
  DocRows(kClusterGauges, "gauge", out);
  DocRow(kLocalReplies, "counter", out);
  DocRows(kWorkerCounters, "counter", out);
  DocRows(kWorkerGauges, "gauge", out);
  DocRows(kProcessCounters, "counter", out);
  DocRow(kFetches, "counter", out);
  DocRow(kReady, "gauge", out);
  DocRows(kProcessGauges, "gauge", out);
  DocRow(kConfigAge, "gauge", out);
  DocRow(kGenerationAge, "gauge", out);
  DocRow(kTicketKeyAge, "gauge", out);
  DocRow(kCertificateNotAfter, "gauge", out);
  DocRow(kOverflow, "gauge", out);
  return out;
}

}  // namespace penstock::telemetry
