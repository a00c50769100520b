#include "controlplane/server/control_plane.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "api/management/v1/management.grpc.pb.h"
#include "controlplane/management/audit.h"
#include "controlplane/management/service.h"
#include "controlplane/rollout/rollout.h"
#include "controlplane/server/metrics.h"
#include "controlplane/store/sqlite/sqlite_store.h"
#include "controlplane/tickets/keeper.h"
#include "controlplane/xds/ads_service.h"
#include "controlplane/xds/hub.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"
#include "dataplane/telemetry/scrape/status_server.h"
#include "dataplane/telemetry/stats/metrics.h"

namespace penstock::server {
namespace {

constexpr absl::Duration kStopWithin = absl::Seconds(2);
// Synchronous calls have a thread each while they run.
constexpr int kMaxManagementThreads = 96;

// What grpc.health.v1.Health is asked about, besides "" for all of it.
constexpr const char* kServices[] = {management::v1::Management::service_full_name(),
                                     "envoy.service.discovery.v3.AggregatedDiscoveryService"};

struct HostPort {
  std::string host;
  std::string port;
};

absl::StatusOr<HostPort> Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size()) {
    return absl::InvalidArgumentError(
        StrCat("--listen ", address, ": write ADDRESS:PORT, as in 127.0.0.1:9090 or [::]:9090"));
  }
  HostPort split{.host = address.substr(0, colon), .port = address.substr(colon + 1)};
  if (split.host.size() > 2 && split.host.front() == '[' && split.host.back() == ']') {
    split.host = split.host.substr(1, split.host.size() - 2);
  }
  return split;
}

// gRPC does not say why it could not listen; a socket of our own does.
absl::Status TryBind(const std::string& address) {
  ASSIGN_OR_RETURN(const HostPort split, Split(address));
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int looked_up =
      getaddrinfo(split.host.empty() ? nullptr : split.host.c_str(), split.port.c_str(), &hints, &found);
  if (looked_up != 0) return absl::InvalidArgumentError(StrCat("--listen ", address, ": ", gai_strerror(looked_up)));
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool bound = fd >= 0 && ::bind(fd, found->ai_addr, found->ai_addrlen) == 0 && ::listen(fd, 1) == 0;
  const int error = errno;
  freeaddrinfo(found);
  if (fd >= 0) ::close(fd);
  if (bound) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat(
      "cannot listen at ", address, ": ", std::strerror(error),
      error == EADDRINUSE ? ": another program has that port (`ss -tlnp` names it); stop it, or use another --listen"
                          : ""));
}

void Tell(const store::Sealing& sealing, telemetry::Log& log) {
  if (sealing.key_file_made) {
    log.Info("store", "made a key file: keep a copy of it, apart from the copies of store.db",
             {{"key_file", sealing.key_file}});
  }
  log.Info("store", "Secrets are sealed under the first key of the key file",
           {{"key_file", sealing.key_file}, {"key", sealing.key}});
  if (sealing.sealed_plain > 0) {
    log.Info("store", "sealed the Secrets that stood in plain, each version of one",
             {{"secrets", StrCat(sealing.sealed_plain)}});
  }
  if (sealing.sealed_anew > 0) {
    log.Info("store", "sealed the store anew: keys below the first one are for older backups only",
             {{"values", StrCat(sealing.sealed_anew)}});
  }
}

class RunningControlPlane final : public ControlPlane {
 public:
  RunningControlPlane(const Options& options, telemetry::Log* log) : options_(options), log_(*log) {}

  ~RunningControlPlane() override {
    Stop();
    status_.reset();
    server_.reset();
    ads_.reset();
    management_.reset();
    ticket_keys_.reset();
    rollout_.reset();  // while the hub still takes what a running change publishes
  }

  absl::Status Begin() {
    RETURN_IF_ERROR(CheckTlsFiles(options_.tls));
    RETURN_IF_ERROR(TryBind(options_.listen));
    RETURN_IF_ERROR(OpenStore());
    ASSIGN_OR_RETURN(management::AuditLog audit, management::AuditLog::Open(options_.state_dir + "/audit.jsonl"));
    audit_ = std::make_unique<management::AuditLog>(std::move(audit));
    ASSIGN_OR_RETURN(rollout_, rollout::Rollout::Start(store_.get(), &log_));
    hub_ = std::make_unique<xds_server::Hub>(rollout_.get(), StrCat("penstock-controlplane ", kBuild));
    rollout_->Serve(hub_.get());
    ticket_keys_ = std::make_unique<tickets::Keeper>(
        store_.get(), &log_, [this](const xds::v1::TicketKeys& keys) { hub_->PublishTicketKeys(keys); });
    RETURN_IF_ERROR(ticket_keys_->Load());
    ticket_keys_->Start();
    RETURN_IF_ERROR(ServeGrpc());
    return ServeStatus();
  }

  uint16_t port() const override { return static_cast<uint16_t>(port_); }
  uint16_t metrics_port() const override { return status_ == nullptr ? 0 : status_->port(); }

  absl::Status Reopen() override { return audit_->Reopen(); }

  void Stop() override {
    if (server_ == nullptr || stopped_) return;
    stopped_ = true;
    // Whoever watches is told before the streams end.
    server_->GetHealthCheckService()->Shutdown();
    management_->Stop();
    hub_->CloseAll();
    server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(kStopWithin));
  }

 private:
  absl::Status OpenStore() {
    store::Sealing sealing;
    ASSIGN_OR_RETURN(store_, store::OpenSqliteStore({.state_dir = options_.state_dir,
                                                     .key_file = options_.store_key_file,
                                                     .kept_generations = store::Limits::kKeptGenerations,
                                                     .new_epoch = options_.new_epoch},
                                                    &sealing));
    Tell(sealing, log_);
    return absl::OkStatus();
  }

  absl::Status ServeGrpc() {
    management_ =
        management::MakeManagementService(*rollout_, *hub_, *audit_, log_, {.build = kBuild, .started = absl::Now()});
    ads_ = xds_server::MakeAdsService(*hub_);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    xds_server::SetConnectionLimits(builder);
    // Two control planes must not share a port by accident.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    grpc::ResourceQuota quota("controlplane");
    quota.SetMaxThreads(kMaxManagementThreads);
    builder.SetResourceQuota(quota);
    builder.AddListeningPort(options_.listen, MakeCredentials(options_.tls), &port_);
    builder.RegisterService(&management_->service());
    builder.RegisterCallbackGenericService(ads_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::FailedPreconditionError(
          StrCat("cannot listen at ", options_.listen, ": the address was taken meanwhile"));
    }
    for (const char* service : kServices) server_->GetHealthCheckService()->SetServingStatus(service, true);
    return absl::OkStatus();
  }

  absl::Status ServeStatus() {
    if (options_.metrics_address.empty()) return absl::OkStatus();
    auto ok = [](const telemetry::StatusRequest&) { return telemetry::StatusReply{.body = "ok\n"}; };
    auto metrics = [this](const telemetry::StatusRequest&) {
      return telemetry::StatusReply{.content_type = telemetry::kMetricsContentType,
                                    .body = ControlPlaneMetrics(*rollout_, *hub_, *audit_, *ticket_keys_, kBuild)};
    };
    // The process answers only while it serves: it listens after everything was loaded, and stops before anything is
    // taken down.
    std::vector<telemetry::StatusPage> pages = {{"GET", "/live", "the process runs", ok},
                                                {"GET", "/ready", "configuration is served and changes are taken", ok},
                                                {"GET", "/metrics", "for Prometheus", metrics}};
    ASSIGN_OR_RETURN(status_, telemetry::StatusServer::Start(options_.metrics_address, std::move(pages)));
    return absl::OkStatus();
  }

  const Options options_;
  telemetry::Log& log_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<management::AuditLog> audit_;
  std::unique_ptr<xds_server::Hub> hub_;
  std::unique_ptr<rollout::Rollout> rollout_;
  std::unique_ptr<tickets::Keeper> ticket_keys_;
  std::unique_ptr<management::ManagementService> management_;
  std::unique_ptr<grpc::CallbackGenericService> ads_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<telemetry::StatusServer> status_;
  int port_ = 0;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ControlPlane>> ControlPlane::Start(const Options& options, telemetry::Log* log) {
  auto control_plane = std::make_unique<RunningControlPlane>(options, log);
  RETURN_IF_ERROR(control_plane->Begin());
  return control_plane;
}

}  // namespace penstock::server
