// Makes the fleet's keys for session tickets, keeps them in the store, rotates them and hands them out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controlplane/store/store.h"
#include "controlplane/tickets/key_set.h"
#include "dataplane/base/mutex.h"
#include "dataplane/telemetry/log/log.h"

namespace penstock::tickets {

// One per store, which one process has at a time: whoever takes the store over goes on with its keys. A key reaches the
// disk before it reaches a data plane, so that a restart forgets none that seals tickets. A rotation is no change of
// the configuration: it has no generation and nobody waits for it.
class Keeper {
 public:
  // How often it looks whether a rotation is due, or tries again what the store refused.
  static constexpr absl::Duration kLookEvery = absl::Seconds(30);

  using Publish = std::function<void(const xds::v1::TicketKeys&)>;

  // STORE and LOG outlive it. PUBLISH is called with the keys at first and after every rotation; CLOCK gives wall-clock
  // time (tests fake it).
  Keeper(store::Store* store, telemetry::Log* log, Publish publish, std::function<absl::Time()> clock = absl::Now);
  ~Keeper();

  // Loads the keys, makes them if there are none, and publishes them. An error is the store's that cannot be read; one
  // that cannot be written only means that nothing is published yet.
  absl::Status Load();
  // Looks every kLookEvery from now on, on a thread of its own. REQUIRES: Load() succeeded.
  void Start();
  // What that thread does: rotates if it is due.
  void Look();

  // Since when the key that seals now does; nullopt: there are no keys yet.
  std::optional<absl::Time> SealingSince() const;

 private:
  void Run();
  bool WaitForTurn();  // false: the end has come
  void Adopt(xds::v1::TicketKeys keys);

  store::Store& store_;
  telemetry::Log& log_;
  const Publish publish_;
  const std::function<absl::Time()> clock_;
  bool refused_ = false;  // the store refused the last rotation; of whoever calls Load() and Look()

  mutable Mutex mutex_;
  CondVar stopped_;
  std::optional<xds::v1::TicketKeys> keys_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace penstock::tickets
