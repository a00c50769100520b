#include "controlplane/server/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <utility>
#include <vector>

#include "dataplane/telemetry/stats/metrics.h"

namespace penstock::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct Sample {
  std::vector<ClientMetric::Label> labels;
  double value = 0;
};

// All families of one scrape, collected before.
class Families final : public prometheus::Collectable {
 public:
  void Add(const char* name, const char* help, MetricType type, const std::vector<Sample>& samples) {
    MetricFamily& family = families_.emplace_back();
    family.name = name;
    family.help = help;
    family.type = type;
    for (const Sample& sample : samples) {
      ClientMetric& metric = family.metric.emplace_back();
      metric.label = sample.labels;
      (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = sample.value;
    }
  }
  void Gauge(const char* name, const char* help, double value) { Add(name, help, MetricType::Gauge, {{{}, value}}); }
  void Counter(const char* name, const char* help, double value) {
    Add(name, help, MetricType::Counter, {{{}, value}});
  }

  std::vector<MetricFamily> Collect() const override { return families_; }

 private:
  std::vector<MetricFamily> families_;
};

std::vector<Sample> ChangesByResult(const rollout::RolloutCounts& counts) {
  return {{{{"result", "stored"}}, static_cast<double>(counts.stored)},
          {{{"result", "unchanged"}}, static_cast<double>(counts.unchanged)},
          {{{"result", "invalid"}}, static_cast<double>(counts.invalid)},
          {{{"result", "conflict"}}, static_cast<double>(counts.conflicts)},
          {{{"result", "failed"}}, static_cast<double>(counts.failed)}};
}

}  // namespace

std::string ControlPlaneMetrics(const rollout::Rollout& rollout, const xds_server::Hub& hub,
                                const management::AuditLog& audit, const tickets::Keeper& ticket_keys,
                                const std::string& build) {
  const store::GenerationId newest = rollout.Newest();
  const rollout::Spread spread = rollout.SpreadOf(newest);
  const rollout::RolloutCounts counts = rollout.Counts();
  Families families;
  families.Add("penstock_controlplane_build_info", "The running build.", MetricType::Gauge,
               {{{{"version", build}}, 1}});
  families.Gauge("penstock_controlplane_generation", "Number of the newest stored generation.",
                 static_cast<double>(newest.number));
  families.Gauge("penstock_controlplane_epoch", "Epoch of the newest stored generation.",
                 static_cast<double>(newest.epoch));
  families.Gauge("penstock_controlplane_generation_rejected", "1 while the newest generation is halted by a rejection.",
                 rollout.IsRejected(newest) ? 1 : 0);
  families.Gauge("penstock_controlplane_objects", "Stored objects at the last start.",
                 static_cast<double>(counts.objects));
  families.Gauge("penstock_controlplane_groups", "Groups of data planes that configuration is compiled for.",
                 static_cast<double>(counts.groups));
  families.Gauge("penstock_controlplane_replicas_connected", "Data planes with a stream.",
                 static_cast<double>(rollout.ConnectedReplicas()));
  families.Gauge("penstock_controlplane_replicas", "Data planes that count: connected, or lost less than 30 s ago.",
                 spread.total);
  families.Gauge("penstock_controlplane_replicas_served", "Data planes that serve the newest generation.",
                 spread.served);
  families.Counter("penstock_controlplane_nacks_total", "Generations that data planes rejected.",
                   static_cast<double>(rollout.Nacks()));
  families.Add("penstock_controlplane_changes_total", "Changes asked for, by what became of them.", MetricType::Counter,
               ChangesByResult(counts));
  families.Gauge("penstock_controlplane_last_apply_seconds", "From taking the last change up to having it published.",
                 counts.last_apply_seconds);
  families.Gauge("penstock_controlplane_last_commit_seconds", "What the store took of the last change.",
                 counts.last_commit_seconds);
  families.Gauge("penstock_controlplane_xds_streams", "Open xDS streams.", static_cast<double>(hub.streams()));
  families.Counter("penstock_controlplane_xds_transactions_total", "Transactions sent to data planes.",
                   static_cast<double>(hub.transactions_sent()));
  families.Counter("penstock_controlplane_xds_sent_bytes_total", "Bytes of the transactions sent to data planes.",
                   static_cast<double>(hub.bytes_sent()));
  families.Counter("penstock_controlplane_audit_lost_total", "Lines that could not be written to the audit log.",
                   static_cast<double>(audit.lost()));
  const absl::Time now = absl::Now();
  families.Gauge("penstock_controlplane_ticket_key_age_seconds",
                 "Since the last rotation of the keys of session tickets, which is due after 12 hours; 0: no keys yet.",
                 absl::ToDoubleSeconds(now - ticket_keys.SealingSince().value_or(now)));
  const telemetry::ProcessCollector process;
  return telemetry::MetricsText({&families, &process});
}

}  // namespace penstock::server
