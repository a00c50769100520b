#include "dataplane/server/server.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <mutex>

#include "dataplane/admin/pages.h"
#include "dataplane/base/mutex.h"
#include "dataplane/base/random.h"
#include "dataplane/exchange/reason.h"
#include "dataplane/server/process.h"
#include "dataplane/server/readiness.h"
#include "dataplane/snapshot/generation_log.h"

namespace penstock::server {
namespace {

using namespace std::chrono_literals;

telemetry::Registry::Options RegistryOptions(const Settings& settings) {
  telemetry::Registry::Options options;
  options.workers = settings.workers;
  for (int i = 0; i < static_cast<int>(Reason::kCount); ++i) {
    options.reasons.emplace_back(NameOf(static_cast<Reason>(i)));
  }
  return options;
}

std::string Describe(const std::vector<snapshot::ResourceProblem>& problems) {
  std::string text;
  for (const snapshot::ResourceProblem& problem : problems) {
    text += "\n  ";
    for (const std::string* place : {&problem.name(), &problem.field_path()}) {
      if (!place->empty()) text += *place + ": ";
    }
    text += StrCat(problem.reason(), " [", problem.code(), "]");
    if (!problem.hint().empty()) text += StrCat("; ", problem.hint());
  }
  return text;
}

sigset_t Signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Server::Server(Settings settings, telemetry::Log& log)
    : settings_(std::move(settings)),
      log_(log),
      registry_(RegistryOptions(settings_)),
      upstream_limits_(settings_.workers) {}

// What configures and what asks go first, then what serves, then what they wrote to.
Server::~Server() {
  client_.reset();
  inspector_.reset();
  public_pages_.reset();
  admin_pages_.reset();
  workers_.clear();
  deployment_.reset();
  passwords_.reset();
  fetcher_.reset();
  last_known_good_.reset();
  audit_log_.reset();
  access_log_.reset();
}

Status Server::Start() {
  RaiseFileLimit();
  connection_limit_ = std::make_unique<downstream::ConnectionLimit>(downstream::ConnectionLimit::Default());
  RETURN_IF_ERROR(OpenLogs());
  if (!settings_.state_dir.empty()) {
    auto on_failure = [this](const Status& status) {
      registry_.process().disk_failures.Add();
      disk_trouble_.Failed(clock_.Now(), {{"why", std::string(status.message())}});
    };
    auto on_recovery = [this] { disk_trouble_.Worked(); };
    ASSIGN_OR_RETURN(last_known_good_, xds::LastKnownGood::Open(settings_.state_dir, on_failure, on_recovery));
  }
  RETURN_IF_ERROR(StartWorkers());
  RETURN_IF_ERROR(StartFetcher());
  passwords_ = std::make_unique<passwords::Checker>(passwords::Checker::For(settings_.workers));
  deployment_ =
      std::make_unique<Deployment>(workers_, downstream::ListenSet(settings_.workers, settings_.bind_address),
                                   registry_, last_known_good_.get(), log_, clock_, fetcher_.get(), passwords_.get());
  RETURN_IF_ERROR(StartPages());
  RETURN_IF_ERROR(LoadGeneration());
  StartClient();
  return absl::OkStatus();
}

// Two writers of one file would cut each other's lines. That a log is off is said at each start: an empty value may
// come from a variable that a script forgot to set.
Status Server::OpenLogs() {
  auto named = [](const std::string& path) { return path.empty() ? std::string("none") : path; };
  log_.Info("server", "starting",
            {{"access_log", named(settings_.access_log)}, {"audit_log", named(settings_.audit_log)}});
  ASSIGN_OR_RETURN(access_log_, telemetry::AccessLog::Open({.path = settings_.access_log, .log = &log_}, registry_));
  if (settings_.audit_log.empty() || settings_.audit_log == settings_.access_log) return absl::OkStatus();
  telemetry::AccessLog::Options options{
      .path = settings_.audit_log, .ring_bytes = 1 << 20, .log = &log_, .kind = &telemetry::kAuditLog};
  ASSIGN_OR_RETURN(audit_log_, telemetry::AccessLog::Open(std::move(options), registry_));
  return absl::OkStatus();
}

Status Server::StartWorkers() {
  telemetry::AccessLog* audit_log = settings_.audit_log.empty() ? nullptr : audit_log_.get();
  if (!settings_.audit_log.empty() && audit_log == nullptr) audit_log = access_log_.get();
  WorkerShared shared{registry_, *access_log_, upstream_limits_, *connection_limit_, audit_log, settings_.id};
  for (int i = 0; i < settings_.workers; ++i) {
    int cpu = settings_.cpus[static_cast<size_t>(i) % settings_.cpus.size()];
    ASSIGN_OR_RETURN(std::unique_ptr<Worker> worker, Worker::Start(shared, i, cpu));
    workers_.push_back(std::move(worker));
  }
  return absl::OkStatus();
}

Status Server::StartFetcher() {
  fetch::WebFetcherOptions options;
  options.log = &log_;
  options.cells = &registry_.process();
  ASSIGN_OR_RETURN(fetcher_, fetch::WebFetcher::Start(std::move(options)));
  return absl::OkStatus();
}

Status Server::StartPages() {
  if (!settings_.metrics_address.empty()) {
    ASSIGN_OR_RETURN(public_pages_,
                     telemetry::StatusServer::Start(settings_.metrics_address, admin::PublicPages(*this, registry_)),
                     _ << "--metrics-address");
  }
  if (!settings_.admin_socket.empty()) {
    admin::ProcessFacts facts{settings_.id, kBuild, settings_.workers};
    ASSIGN_OR_RETURN(admin_pages_,
                     telemetry::StatusServer::Start("unix:" + settings_.admin_socket,
                                                    admin::AdminPages(*this, registry_, log_, std::move(facts))),
                     _ << "--admin-socket");
  }
  return absl::OkStatus();
}

Status Server::LoadGeneration() {
  if (!settings_.generation_file.empty()) return LoadFile();
  if (last_known_good_ != nullptr) LoadLastKnownGood();
  return absl::OkStatus();
}

Status Server::LoadFile() {
  std::ifstream file(settings_.generation_file, std::ios::binary);
  if (!file.is_open()) {
    return absl::FailedPreconditionError(
        StrCat("cannot open ", settings_.generation_file, "; make one with: penstock compile"));
  }
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSIGN_OR_RETURN(snapshot::GenerationLog log, snapshot::DecodeGenerationLog(bytes),
                   _ << settings_.generation_file << " is not a generation that penstock compile wrote");
  std::vector<snapshot::ResourceProblem> problems = deployment_->ApplyFromDisk(std::move(log));
  if (problems.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat(settings_.generation_file, " cannot be served:", Describe(problems)));
}

// A file that cannot be used is no reason not to start: a control plane may have a newer generation.
void Server::LoadLastKnownGood() {
  xds::LastKnownGood::Loaded loaded = last_known_good_->Load();
  if (!loaded.warning.empty()) {
    registry_.process().disk_failures.Add();
    log_.Error("config", "the last known good generation is damaged", {{"what", loaded.warning}});
  }
  if (loaded.generation.has_value()) deployment_->ApplyFromDisk(*std::move(loaded.generation));
}

void Server::StartClient() {
  if (settings_.control_planes.empty()) return;
  xds::Client::Options options;
  options.addresses = settings_.control_planes;
  options.tls = settings_.tls;
  options.identity = {settings_.id,   settings_.group, settings_.gateway_class, settings_.labels,
                      settings_.zone, kBuild,          settings_.weakened};
  options.seed = SeedFromKernel();
  inspector_ = std::make_unique<Inspector>(*this, settings_.id, clock_);
  options.responder = inspector_.get();
  client_ = std::make_unique<xds::Client>(std::move(options), *deployment_, registry_.process(), log_, clock_);
  client_->Start();
}

Status Server::Run() {
  WaitForTheEnd();
  registry_.process().draining.Set(1);
  log_.Info(
      "server", "draining",
      {{"grace", StrCat(settings_.drain_grace / 1s, "s")}, {"timeout", StrCat(settings_.drain_timeout / 1s, "s")}});
  if (Drain()) {
    log_.Info("server", "drained");
    return absl::OkStatus();
  }
  size_t left = CountConnections();
  for (const std::unique_ptr<Worker>& worker : workers_) worker->Abort();
  log_.Warn("server", "ending with open connections", {{"connections", StrCat(left)}});
  return absl::CancelledError("requests were broken off");
}

// Serves until a signal asks for the end.
void Server::WaitForTheEnd() {
  sigset_t signals = Signals();
  while (true) {
    int signal = sigwaitinfo(&signals, nullptr);
    if (signal == SIGHUP) {
      log_.Info("server", "reopening the logs");
      access_log_->Reopen();
      if (audit_log_ != nullptr) audit_log_->Reopen();
    }
    if (signal == SIGTERM || signal == SIGINT) return;
  }
}

// True when all connections have ended; false when the time is over, or another signal asked for the end now.
bool Server::Drain() {
  for (const std::unique_ptr<Worker>& worker : workers_) worker->Drain();
  if (!Pause(settings_.drain_grace)) return false;
  client_.reset();  // no place is opened any more
  for (const std::unique_ptr<Worker>& worker : workers_) worker->StopListening();
  TimePoint until = clock_.Now() + settings_.drain_timeout;
  while (CountConnections() > 0) {
    if (clock_.Now() >= until || !Pause(20ms)) return false;
  }
  return true;
}

// False if a signal asked for the end.
bool Server::Pause(Duration duration) {
  sigset_t signals = Signals();
  TimePoint until = clock_.Now() + duration;
  while (true) {
    Duration left = until - clock_.Now();
    if (left <= Duration(0)) return true;
    timespec timeout{left / 1s, (left % 1s).count()};
    int signal = sigtimedwait(&signals, nullptr, &timeout);
    if (signal == SIGTERM || signal == SIGINT) return false;
  }
}

size_t Server::CountConnections() {
  std::atomic<size_t> total{0};
  BlockingCounter counted(static_cast<int>(workers_.size()));
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->CountConnections([&](size_t connections) {
      total += connections;
      counted.DecrementCount();
    });
  }
  counted.Wait();
  return total;
}

admin::Readiness Server::readiness() const { return ReadinessOf(registry_.process(), settings_.control_planes); }

proxy::GenerationLease Server::Running() { return deployment_->Lease(); }

// The main thread takes it like any other SIGTERM.
void Server::StartDrain() { kill(getpid(), SIGTERM); }

}  // namespace penstock::server
