// Brings generations to the workers: compile, prepare, publish, keep on disk. Everything off the request path that a
// change of configuration needs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"
#include "dataplane/downstream/listen_set.h"
#include "dataplane/fetch/fetcher.h"
#include "dataplane/policies/material.h"
#include "dataplane/proxy/generation/generation.h"
#include "dataplane/server/worker.h"
#include "dataplane/snapshot/compile.h"
#include "dataplane/telemetry/log/log.h"
#include "dataplane/telemetry/stats/registry.h"
#include "dataplane/xds/applier.h"
#include "dataplane/xds/last_known_good.h"

namespace penstock::server {

// Owned by main. The methods of Applier belong to the configuration thread: main's until the xDS client starts, then
// the client's, then main's again.
class Deployment final : public xds::Applier {
 public:
  // All outlive it; LAST_KNOWN_GOOD and, for policies, FETCHER and PASSWORDS may be null. The workers must have ended
  // before it is destroyed.
  Deployment(std::vector<std::unique_ptr<Worker>>& workers, downstream::ListenSet listen_set,
             telemetry::Registry& registry, xds::LastKnownGood* last_known_good, telemetry::Log& log,
             const Clock& clock, fetch::Fetcher* fetcher = nullptr, passwords::Checker* passwords = nullptr);
  ~Deployment() override;

  const snapshot::Snapshot* running() const override;
  std::vector<snapshot::ResourceProblem> Apply(const snapshot::Delta& delta, Start start) override;
  std::vector<snapshot::ResourceProblem> ApplyEndpoints(const std::vector<snapshot::Resource>& upserts,
                                                        const std::vector<snapshot::ResourceName>& removals) override;
  std::vector<snapshot::ResourceProblem> InstallTicketKeys(const std::string& bytes) override;
  bool Reclaim() override;

  // A generation from disk. As Apply on nothing, but it is not written to disk again.
  std::vector<snapshot::ResourceProblem> ApplyFromDisk(snapshot::GenerationLog log);

  // What is served now, for a thread that is no worker; empty: nothing yet. Any thread.
  proxy::GenerationLease Lease() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  std::vector<snapshot::ResourceProblem> Serve(const snapshot::Delta& delta, Start start);
  std::unique_ptr<proxy::Generation> Prepare(std::shared_ptr<const snapshot::Snapshot> snapshot,
                                             const snapshot::Delta& delta, Start start,
                                             std::vector<snapshot::ResourceProblem>& problems);
  std::vector<snapshot::ResourceProblem> Listen(const snapshot::Snapshot& snapshot);
  std::vector<downstream::PlaceFailure> ListenOnWorkers(std::vector<downstream::PlaceSockets> places);
  void Publish(std::unique_ptr<proxy::Generation> next);
  void ShowServed();
  void Remember(const snapshot::Delta& delta, Start start);
  void Refused(const snapshot::Delta& delta, const std::vector<snapshot::ResourceProblem>& problems);

  std::vector<std::unique_ptr<Worker>>& workers_;
  downstream::ListenSet listen_set_;
  telemetry::Registry& registry_;
  xds::LastKnownGood* const last_known_good_;
  telemetry::Log& log_;
  const Clock& clock_;
  fetch::Fetcher* const fetcher_;
  passwords::Checker* const passwords_;
  const uint64_t hash_seed_;
  const proxy::TlsMaterial tls_material_;
  policies::Runtime policy_runtime_;  // configuration thread

  std::vector<std::unique_ptr<proxy::Generation>> retired_;  // those that a worker or a lease may still look at
  Mutex mutex_;
  std::unique_ptr<proxy::Generation> current_;  // written by the configuration thread, under mutex_
};

}  // namespace penstock::server
