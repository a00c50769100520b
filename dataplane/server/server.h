// The data plane as a whole: builds the tree of what runs, waits for signals, drains.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/admin/control.h"
#include "dataplane/base/clock.h"
#include "dataplane/downstream/downstream.h"
#include "dataplane/fetch/web_fetcher.h"
#include "dataplane/passwords/checker.h"
#include "dataplane/server/deployment.h"
#include "dataplane/server/inspector.h"
#include "dataplane/server/settings.h"
#include "dataplane/server/worker.h"
#include "dataplane/telemetry/access_log/access_log.h"
#include "dataplane/telemetry/log/log.h"
#include "dataplane/telemetry/log/trouble.h"
#include "dataplane/telemetry/scrape/status_server.h"
#include "dataplane/telemetry/stats/registry.h"
#include "dataplane/upstream/upstreams.h"
#include "dataplane/xds/client.h"
#include "dataplane/xds/last_known_good.h"

namespace penstock::server {

class Server final : public admin::Control {
 public:
  // LOG outlives it. SIGTERM, SIGINT and SIGHUP must be blocked in all threads.
  Server(Settings settings, telemetry::Log& log);
  ~Server() override;

  // Everything that may fail at start; then traffic is served, as soon as there is a generation. The error says what to
  // do.
  Status Start();

  // Until SIGTERM or SIGINT and the end of the drain. kOk: everything that ran has ended; kCancelled: something was
  // broken off.
  Status Run();

  // admin::Control
  admin::Readiness readiness() const override;
  proxy::GenerationLease Running() override;
  void StartDrain() override;

 private:
  Status OpenLogs();
  Status StartWorkers();
  Status StartFetcher();
  Status StartPages();
  Status LoadGeneration();
  Status LoadFile();
  void LoadLastKnownGood();
  void StartClient();
  void WaitForTheEnd();
  bool Pause(Duration duration);
  bool Drain();
  size_t CountConnections();

  const Settings settings_;
  telemetry::Log& log_;
  const SystemClock clock_;

  telemetry::Registry registry_;
  upstream::ProcessLimits upstream_limits_;
  std::unique_ptr<downstream::ConnectionLimit> connection_limit_;
  std::unique_ptr<telemetry::AccessLog> access_log_;
  std::unique_ptr<telemetry::AccessLog> audit_log_;  // null: none, or in the access log's file
  std::vector<std::unique_ptr<Worker>> workers_;
  // Used on the thread that writes it.
  telemetry::Trouble disk_trouble_{&log_, "config", "the last known good generation cannot be written",
                                   "the last known good generation is written again"};
  std::unique_ptr<xds::LastKnownGood> last_known_good_;
  std::unique_ptr<fetch::WebFetcher> fetcher_;
  std::unique_ptr<passwords::Checker> passwords_;
  std::unique_ptr<Deployment> deployment_;
  std::unique_ptr<telemetry::StatusServer> public_pages_;
  std::unique_ptr<telemetry::StatusServer> admin_pages_;
  std::unique_ptr<Inspector> inspector_;  // of the client
  std::unique_ptr<xds::Client> client_;
};

}  // namespace penstock::server
