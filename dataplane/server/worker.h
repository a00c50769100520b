// One worker: a thread on a CPU of its own with its event loop, connections, pools and counters.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "dataplane/base/status.h"
#include "dataplane/downstream/downstream.h"
#include "dataplane/io/dns/resolver.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/telemetry/access_log/access_log.h"
#include "dataplane/telemetry/stats/registry.h"
#include "dataplane/upstream/upstreams.h"

namespace penstock::server {

// What all workers share. Outlives them.
struct WorkerShared {
  telemetry::Registry& registry;
  telemetry::AccessLog& access_log;
  upstream::ProcessLimits& upstream_limits;
  downstream::ConnectionLimit& connection_limit;
  telemetry::AccessLog* audit_log = nullptr;  // null: none
  std::string_view replica = {};              // the data plane's id, for the audit log
};

// A place that starts to be served: this worker's socket.
struct OpenedPlace {
  snapshot::BindKey key;
  io::Fd socket;
  std::shared_ptr<downstream::PlaceLoad> load;  // shared by all workers
  std::shared_ptr<io::SocketFile> file;         // the same, of a Unix socket; else null
};

// Owned by main. Its methods may be called from any thread and only leave a message; what they do happens on the
// worker's thread, in the order of the calls.
class Worker {
 public:
  using Done = absl::AnyInvocable<void()>;

  // Starts the thread, pinned to CPU; returns when it runs.
  static StatusOr<std::unique_ptr<Worker>> Start(WorkerShared shared, int index, int cpu);

  // Ends the thread: what still runs is broken off. Drain first.
  ~Worker();

  // The first step of a publish, which may fail: gets ready to accept at OPENED. DONE is called on the worker's thread,
  // with the places that failed. Then comes Publish or, if any worker failed, Withdraw.
  void Listen(std::vector<OpenedPlace> opened, absl::AnyInvocable<void(std::vector<downstream::PlaceFailure>)> done);
  void Withdraw();

  // Serves NEXT, whose `holders` counts this worker already; then accepts at the places that Listen was given and no
  // more at CLOSED. DONE is called on the worker's thread. NEXT outlives its last holder.
  void Publish(proxy::Generation& next, std::vector<snapshot::BindKey> closed, Done done);

  // The steps of a drain (dataplane/downstream/downstream.h).
  void Drain();
  void StopListening();
  void Abort();
  // Calls DONE on the worker's thread with the number of open client connections.
  void CountConnections(absl::AnyInvocable<void(size_t)> done);

 private:
  struct State;

  Worker() = default;
  static StatusOr<std::unique_ptr<State>> MakeState(WorkerShared shared, int index);
  void Post(absl::AnyInvocable<void(State&)> work);

  io::Reactor* reactor_ = nullptr;  // the thread's; lives until the thread ends
  State* state_ = nullptr;          // worker's thread only
  std::promise<void> told_;         // that the reactor is to stop, and nobody touches it any more
  std::thread thread_;
};

}  // namespace penstock::server
