#include "dataplane/server/deployment.h"

#include <utility>

#include "absl/synchronization/blocking_counter.h"
#include "dataplane/base/random.h"
#include "dataplane/policies/policy_registry.h"
#include "dataplane/server/series_names.h"
#include "dataplane/snapshot/hash.h"

namespace penstock::server {
namespace {

using snapshot::ResourceProblem;

std::string Text(snapshot::GenerationId id) { return StrCat(id.epoch, ".", id.number); }

// What Prepare says about a generation that is valid but cannot be served here.
ResourceProblem CannotPrepare(const Status& status) {
  ResourceProblem problem;
  problem.set_type_url(std::string(snapshot::kListenerType));
  problem.set_code("E301");
  problem.set_reason(std::string(status.message()));
  problem.set_hint("free the address on this data plane, or choose another one for the listener");
  return problem;
}

StatusOr<std::shared_ptr<const Policy>> MakePolicy(const snapshot::CompiledPolicy& policy) {
  const policies::PolicyRow* row = policies::FindPolicyRow(policy.type);
  if (row == nullptr) return absl::UnimplementedError(StrCat("this build has no policy \"", policy.type, "\""));
  return row->make(policy.config);
}

}  // namespace

Deployment::Deployment(std::vector<std::unique_ptr<Worker>>& workers, downstream::ListenSet listen_set,
                       telemetry::Registry& registry, xds::LastKnownGood* last_known_good, telemetry::Log& log,
                       const Clock& clock)
    : workers_(workers),
      listen_set_(std::move(listen_set)),
      registry_(registry),
      last_known_good_(last_known_good),
      log_(log),
      clock_(clock),
      hash_seed_(SeedFromKernel()) {}

Deployment::~Deployment() = default;

const snapshot::Snapshot* Deployment::running() const {
  return current_ == nullptr ? nullptr : current_->snapshot.get();
}

std::vector<ResourceProblem> Deployment::Apply(const snapshot::Delta& delta, Start start) {
  std::vector<ResourceProblem> problems = Serve(delta, start);
  if (problems.empty()) Remember(delta, start);
  return problems;
}

std::vector<ResourceProblem> Deployment::ApplyFromDisk(snapshot::GenerationLog log) {
  snapshot::Delta delta{std::move(log.resources), {}, std::move(log.generation)};
  return Serve(delta, Start::kEmpty);
}

std::vector<ResourceProblem> Deployment::Serve(const snapshot::Delta& delta, Start start) {
  const snapshot::Snapshot* previous = start == Start::kEmpty ? nullptr : running();
  snapshot::CompileOutcome outcome = snapshot::Compile(previous, delta, {.hash_seed = hash_seed_});
  if (!outcome.ok()) {
    Refused(delta, outcome.problems);
    return std::move(outcome.problems);
  }
  StatusOr<Prepared> prepared = Prepare(std::move(outcome.snapshot), delta, start);
  if (!prepared.ok()) {
    std::vector<ResourceProblem> problems = {CannotPrepare(prepared.status())};
    Refused(delta, problems);
    return problems;
  }
  Publish(*std::move(prepared));
  ShowServed();
  log_.Info("config", "a generation is served",
            {{"generation", Text(running()->id())}, {"changes", StrCat(delta.upserts.size() + delta.removals.size())}});
  return {};
}

// Everything that may fail, while the previous generation goes on. A failure leaves nothing behind.
StatusOr<Deployment::Prepared> Deployment::Prepare(std::shared_ptr<const snapshot::Snapshot> snapshot,
                                                   const snapshot::Delta& delta, Start start) {
  Prepared prepared;
  ASSIGN_OR_RETURN(prepared.sockets, listen_set_.Open(snapshot->bind_keys()));
  prepared.generation = std::make_unique<proxy::Generation>();
  ASSIGN_OR_RETURN(prepared.generation->policies, proxy::PolicyChains::Prepare(*snapshot, MakePolicy));
  SeriesChange change =
      start == Start::kEmpty ? SeriesOfReplacement(running(), *snapshot) : SeriesOfDelta(running(), *snapshot, delta);
  prepared.generation->series =
      registry_.Update(current_ == nullptr ? nullptr : current_->series, change.added, change.removed);
  prepared.generation->snapshot = std::move(snapshot);
  return prepared;
}

// One message per worker; returns when the last one serves it. Cannot fail.
void Deployment::Publish(Prepared prepared) {
  proxy::Generation& next = *prepared.generation;
  next.holders.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  std::vector<snapshot::BindKey> closed = listen_set_.Keep(next.snapshot->bind_keys());
  absl::BlockingCounter serving(static_cast<int>(workers_.size()));
  for (size_t i = 0; i < workers_.size(); ++i) {
    std::vector<OpenedPlace> opened;
    for (downstream::PlaceSockets& place : prepared.sockets) {
      opened.push_back({place.key, std::move(place.sockets[i]), place.load});
    }
    workers_[i]->Publish(next, std::move(opened), closed, [&serving] { serving.DecrementCount(); });
  }
  serving.Wait();
  {
    absl::MutexLock lock(&mutex_);
    std::swap(current_, prepared.generation);
  }
  if (prepared.generation != nullptr) retired_.push_back(std::move(prepared.generation));
  Reclaim();
}

void Deployment::ShowServed() {
  telemetry::ProcessCells& cells = registry_.process();
  int64_t now = clock_.Wall().time_since_epoch().count();
  cells.generation_epoch.Set(static_cast<int64_t>(running()->id().epoch));
  cells.generation_number.Set(static_cast<int64_t>(running()->id().number));
  cells.generation_served_at.Set(now);
  cells.confirmed_at.Set(now);
  cells.generations_served.Add();
}

std::vector<ResourceProblem> Deployment::ApplyEndpoints(const std::vector<snapshot::Resource>& upserts,
                                                        const std::vector<snapshot::ResourceName>& removals) {
  snapshot::CompileOutcome outcome = snapshot::ApplyEndpoints(*running(), upserts, removals);
  if (!outcome.ok()) return std::move(outcome.problems);
  Prepared prepared;
  prepared.generation = std::make_unique<proxy::Generation>();
  prepared.generation->snapshot = std::move(outcome.snapshot);
  prepared.generation->series = current_->series;
  prepared.generation->policies = current_->policies;
  Publish(std::move(prepared));
  registry_.process().endpoints_updates.Add();
  if (last_known_good_ != nullptr) last_known_good_->AppendEndpoints(upserts, removals);
  return {};
}

// Snapshots are destroyed here and nowhere else.
bool Deployment::Reclaim() {
  std::erase_if(retired_, [](const std::unique_ptr<proxy::Generation>& generation) {
    return generation->holders.load(std::memory_order_acquire) == 0;
  });
  if (last_known_good_ != nullptr) {
    registry_.process().disk_bytes.Set(static_cast<int64_t>(last_known_good_->bytes()));
  }
  return !retired_.empty();
}

void Deployment::Remember(const snapshot::Delta& delta, Start start) {
  if (last_known_good_ == nullptr) return;
  if (start == Start::kEmpty) {
    last_known_good_->Replace(delta.upserts, *delta.generation);
  } else {
    last_known_good_->Append(delta);
  }
}

void Deployment::Refused(const snapshot::Delta& delta, const std::vector<ResourceProblem>& problems) {
  registry_.process().generations_rejected.Add();
  std::string generation =
      delta.generation.has_value() ? StrCat(delta.generation->epoch(), ".", delta.generation->number()) : "";
  for (const ResourceProblem& problem : problems) {
    log_.Error("config", "a generation is refused, the one before goes on",
               {{"generation", generation},
                {"resource", problem.name()},
                {"field", problem.field_path()},
                {"code", problem.code()},
                {"reason", problem.reason()},
                {"hint", problem.hint()}});
  }
}

proxy::GenerationLease Deployment::Lease() {
  absl::MutexLock lock(&mutex_);
  if (current_ == nullptr) return {};
  current_->holders.fetch_add(1, std::memory_order_relaxed);
  return proxy::GenerationLease(*current_);
}

}  // namespace penstock::server
