// The constant table of all metrics of a data plane, and what is made of it: the text of a scrape and docs/metrics.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/telemetry/stats/registry.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

namespace penstock::telemetry {

// Everything in REGISTRY, merged over the workers, as Prometheus families. Label sets that never counted anything are
// left out. Borrows the registry.
class Collector : public prometheus::Collectable {
 public:
  explicit Collector(const Registry& registry) : registry_(registry) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const Registry& registry_;
};

// Until when certificates are good that are shown to clients and backends. At most kMostCertificates are told, those
// that end first.
class CertificateCollector : public prometheus::Collectable {
 public:
  static constexpr size_t kMostCertificates = 2000;

  struct End {
    std::string secret;
    int64_t not_after = 0;  // unix seconds
  };
  explicit CertificateCollector(std::vector<End> ends) : ends_(std::move(ends)) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::vector<End> ends_;
};

// The Prometheus text format (0.0.4) of COLLECTABLES, one after the other.
std::string MetricsText(const std::vector<const prometheus::Collectable*>& collectables);
inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// CPU, memory, descriptors and start time of this process under the names that Prometheus clients use.
class ProcessCollector : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

// docs/metrics.md.
std::string MetricsDocs();

}  // namespace penstock::telemetry
