#include "dataplane/server/deployment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dataplane/base/mutex.h"
#include "dataplane/base/random.h"
#include "dataplane/policies/policy_registry.h"
#include "dataplane/server/received_keys.h"
#include "dataplane/server/series_names.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/xds/subscriber.h"

namespace penstock::server {
namespace {

using snapshot::ResourceProblem;

std::string Text(snapshot::GenerationId id) { return StrCat(id.epoch, ".", id.number); }

// A generation that is valid but has a policy that cannot be made here.
ResourceProblem CannotPrepare(const Status& status) {
  ResourceProblem problem;
  problem.set_type_url(std::string(snapshot::kPolicyChainType));
  problem.set_code("E302");
  problem.set_reason(std::string(status.message()));
  problem.set_hint("update this data plane, or take the policy away");
  return problem;
}

// The listeners of a place, by name.
std::vector<std::string> ListenersAt(const snapshot::Snapshot& snapshot, const snapshot::BindKey& key) {
  std::vector<std::string> names;
  snapshot.ForEachListener([&](const snapshot::Shared<snapshot::CompiledListener>& listener) {
    bool there = std::any_of(listener->addresses.begin(), listener->addresses.end(), [&](const std::string& address) {
      return snapshot::BindKey::Of(*listener, address) == key;
    });
    if (there) names.push_back(listener->name);
  });
  std::sort(names.begin(), names.end());
  return names;
}

// A place of SNAPSHOT that cannot be listened at here, under the name of its first listener.
ResourceProblem CannotListen(const snapshot::Snapshot& snapshot, const downstream::PlaceFailure& failure) {
  std::vector<std::string> names = ListenersAt(snapshot, failure.key);
  ResourceProblem problem;
  problem.set_type_url(std::string(snapshot::kListenerType));
  if (!names.empty()) problem.set_name(names[0]);
  problem.set_code("E301");
  std::string reason(failure.why.message());
  if (failure.same_as.has_value()) {
    std::vector<std::string> others = ListenersAt(snapshot, *failure.same_as);
    absl::StrAppend(&reason, " on this data plane: this one and ", others.empty() ? "another one" : others[0]);
  }
  if (names.size() > 1) absl::StrAppend(&reason, "; ", names.size(), " listeners share this address");
  problem.set_reason(std::move(reason));
  problem.set_hint("free the address on this data plane, or choose another one for the listener");
  return problem;
}

class SecretsOf final : public policies::SecretSource {
 public:
  explicit SecretsOf(const snapshot::Snapshot& snapshot) : snapshot_(snapshot) {}
  StatusOr<std::string> Read(std::string_view secret, std::string_view key) const override {
    const snapshot::Shared<snapshot::CompiledSecret>* found = snapshot_.FindSecret(secret);
    if (found == nullptr) return absl::NotFoundError(StrCat("Secret \"", secret, "\" does not exist"));
    auto value = (*found)->data.find(std::string(key));
    if (value == (*found)->data.end()) return absl::NotFoundError(StrCat("Secret \"", secret, "\" has no key ", key));
    return value->second;
  }

 private:
  const snapshot::Snapshot& snapshot_;
};

StatusOr<std::shared_ptr<const Policy>> MakePolicy(const snapshot::CompiledPolicy& policy,
                                                   const policies::Material& material) {
  const policies::PolicyRow* row = policies::FindPolicyRow(policy.type);
  if (row == nullptr) return absl::UnimplementedError(StrCat("this build has no policy \"", policy.type, "\""));
  return row->make(policy.config, material);
}

}  // namespace

Deployment::Deployment(std::vector<std::unique_ptr<Worker>>& workers, downstream::ListenSet listen_set,
                       telemetry::Registry& registry, xds::LastKnownGood* last_known_good, telemetry::Log& log,
                       const Clock& clock, fetch::Fetcher* fetcher, passwords::Checker* passwords)
    : workers_(workers),
      listen_set_(std::move(listen_set)),
      registry_(registry),
      last_known_good_(last_known_good),
      log_(log),
      clock_(clock),
      fetcher_(fetcher),
      passwords_(passwords),
      hash_seed_(SeedFromKernel()),
      tls_material_{.tickets = std::make_shared<tls::TicketKeys>(clock)} {}

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
  std::vector<ResourceProblem> problems;
  std::unique_ptr<proxy::Generation> next = Prepare(std::move(outcome.snapshot), delta, start, problems);
  if (problems.empty()) problems = Listen(*next->snapshot);
  if (!problems.empty()) {
    Refused(delta, problems);
    return problems;
  }
  Publish(std::move(next));
  ShowServed();
  log_.Info("config", "a generation is served",
            {{"generation", Text(running()->id())}, {"changes", StrCat(delta.upserts.size() + delta.removals.size())}});
  return {};
}

// What may fail, while the previous generation goes on. A failure leaves nothing behind; so does success, until
// Publish. With problems the result is of no use.
std::unique_ptr<proxy::Generation> Deployment::Prepare(std::shared_ptr<const snapshot::Snapshot> snapshot,
                                                       const snapshot::Delta& delta, Start start,
                                                       std::vector<ResourceProblem>& problems) {
  bool replaces = start == Start::kEmpty || current_ == nullptr;
  auto next = std::make_unique<proxy::Generation>();
  next->tls = replaces ? proxy::TlsContexts::Prepare(*snapshot, tls_material_, problems)
                       : current_->tls.After(*snapshot, delta, tls_material_, problems);
  SecretsOf secrets(*snapshot);
  policies::Material material{secrets, policy_runtime_, static_cast<int>(workers_.size()), fetcher_, &log_, passwords_};
  auto make = [&](const snapshot::CompiledPolicy& policy) { return MakePolicy(policy, material); };
  proxy::PolicyChains none;
  const proxy::PolicyChains& earlier = current_ == nullptr ? none : current_->policies;
  StatusOr<proxy::PolicyChains> policies =
      replaces ? proxy::PolicyChains::Prepare(*snapshot, make, earlier.secret_parameters())
               : earlier.After(*snapshot, delta, make);
  if (!policies.ok()) problems.push_back(CannotPrepare(policies.status()));
  if (!problems.empty()) return next;
  next->policies = *std::move(policies);
  SeriesChange change =
      start == Start::kEmpty ? SeriesOfReplacement(running(), *snapshot) : SeriesOfDelta(running(), *snapshot, delta);
  next->series = registry_.Update(current_ == nullptr ? nullptr : current_->series, change.added, change.removed);
  next->snapshot = std::move(snapshot);
  return next;
}

// Makes all workers ready to accept where SNAPSHOT wants it and none of them did. With a problem, none is.
std::vector<ResourceProblem> Deployment::Listen(const snapshot::Snapshot& snapshot) {
  downstream::OpenedPlaces opened = listen_set_.Open(snapshot.bind_keys());
  std::vector<downstream::PlaceFailure> failures = std::move(opened.failures);
  if (failures.empty() && !opened.places.empty()) failures = ListenOnWorkers(std::move(opened.places));
  std::vector<ResourceProblem> problems;
  for (const downstream::PlaceFailure& failure : failures) problems.push_back(CannotListen(snapshot, failure));
  return problems;
}

// Returns when all workers have answered.
std::vector<downstream::PlaceFailure> Deployment::ListenOnWorkers(std::vector<downstream::PlaceSockets> places) {
  std::vector<std::vector<downstream::PlaceFailure>> by_worker(workers_.size());
  BlockingCounter ready(static_cast<int>(workers_.size()));
  for (size_t i = 0; i < workers_.size(); ++i) {
    std::vector<OpenedPlace> opened;
    for (downstream::PlaceSockets& place : places) {
      opened.push_back({place.key, std::move(place.sockets[i]), place.load, place.file});
    }
    workers_[i]->Listen(std::move(opened),
                        [&ready, &failed = by_worker[i]](std::vector<downstream::PlaceFailure> failures) {
                          failed = std::move(failures);
                          ready.DecrementCount();
                        });
  }
  ready.Wait();
  std::vector<downstream::PlaceFailure> failures;
  for (std::vector<downstream::PlaceFailure>& of_one : by_worker) {
    failures.insert(failures.end(), of_one.begin(), of_one.end());
  }
  if (!failures.empty()) {
    for (const std::unique_ptr<Worker>& worker : workers_) worker->Withdraw();
  }
  return failures;
}

// One message per worker; returns when the last one serves it. Cannot fail.
void Deployment::Publish(std::unique_ptr<proxy::Generation> prepared) {
  proxy::Generation& next = *prepared;
  next.holders.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  std::vector<snapshot::BindKey> closed = listen_set_.Keep(next.snapshot->bind_keys());
  BlockingCounter serving(static_cast<int>(workers_.size()));
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->Publish(next, closed, [&serving] { serving.DecrementCount(); });
  }
  serving.Wait();
  {
    MutexLock lock(&mutex_);
    std::swap(current_, prepared);
  }
  if (prepared != nullptr) retired_.push_back(std::move(prepared));
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
  auto next = std::make_unique<proxy::Generation>();
  next->snapshot = std::move(outcome.snapshot);
  next->series = current_->series;
  next->policies = current_->policies;
  next->tls = current_->tls;
  Publish(std::move(next));
  registry_.process().endpoints_updates.Add();
  if (last_known_good_ != nullptr) last_known_good_->AppendEndpoints(upserts, removals);
  return {};
}

// The contexts share the object that holds the keys: none is made anew, and no connection notices.
std::vector<ResourceProblem> Deployment::InstallTicketKeys(const std::string& bytes) {
  StatusOr<ReceivedKeys> received = ParseTicketKeys(bytes);
  if (!received.ok()) {
    ResourceProblem problem;
    problem.set_type_url(std::string(xds::kTicketKeysType));
    problem.set_code("E201");
    problem.set_reason(std::string(received.status().message()));
    log_.Error("tls", "keys for session tickets are refused, those before go on", {{"reason", problem.reason()}});
    return {problem};
  }
  tls_material_.tickets->Install(std::move(received->keys));
  registry_.process().ticket_key_since.Set(received->sealing_since.time_since_epoch().count());
  log_.Info("tls", "session tickets are sealed with the fleet's key");
  return {};
}

// Snapshots are destroyed here and nowhere else.
bool Deployment::Reclaim() {
  std::erase_if(retired_, [](const std::unique_ptr<proxy::Generation>& generation) {
    return generation->holders.load(std::memory_order_acquire) == 0;
  });
  policy_runtime_.Sweep();
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
  MutexLock lock(&mutex_);
  if (current_ == nullptr) return {};
  current_->holders.fetch_add(1, std::memory_order_relaxed);
  return proxy::GenerationLease(*current_);
}

}  // namespace penstock::server
