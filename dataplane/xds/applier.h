// What the xDS client hands configuration to.
#pragma once

#include <string>
#include <vector>

#include "dataplane/snapshot/resource.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::xds {

// All methods are called on one thread, the configuration thread (the client's, once it runs).
class Applier {
 public:
  virtual ~Applier() = default;

  // What is served now; null: nothing yet.
  virtual const snapshot::Snapshot* running() const = 0;

  enum class Start : uint8_t { kRunning, kEmpty };
  // Compiles DELTA on top of what is running (or, kEmpty, of nothing), prepares, publishes, and returns when every
  // worker serves it. Problems: nothing changed. REQUIRES: delta.generation is set.
  virtual std::vector<snapshot::ResourceProblem> Apply(const snapshot::Delta& delta, Start start) = 0;

  // The lane of the endpoints: the same generation with other addresses.
  virtual std::vector<snapshot::ResourceProblem> ApplyEndpoints(
      const std::vector<snapshot::Resource>& upserts, const std::vector<snapshot::ResourceName>& removals) = 0;

  // The keys that session tickets are sealed with from now on: BYTES of a TicketKeys. They are never written to a disk.
  // Problems: those of before go on.
  virtual std::vector<snapshot::ResourceProblem> InstallTicketKeys(const std::string& bytes) = 0;

  // Frees what the workers have given back. True if they still hold something.
  virtual bool Reclaim() = 0;
};

}  // namespace penstock::xds
