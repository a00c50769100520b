#include "dataplane/server/worker.h"

#include <string>
#include <utility>

#include "dataplane/server/process.h"

namespace penstock::server {

// Everything of one worker, in the order in which it is made; ended in reverse.
struct Worker::State {
  State(std::unique_ptr<io::Reactor> loop, std::unique_ptr<io::Resolver> names, WorkerShared shared, int index)
      : reactor(std::move(loop)),
        resolver(std::move(names)),
        stats(shared.registry, index, shared.registry.Update(nullptr, {}, {})),
        upstreams(*reactor, *resolver, shared.upstream_limits, stats),
        proxy{.reactor = *reactor,
              .upstreams = upstreams,
              .stats = stats,
              .log = shared.access_log.writer(index),
              .audit = shared.audit_log == nullptr ? nullptr : shared.audit_log->writer(index),
              .replica = shared.replica,
              .worker = index,
              .resolver = this->resolver.get()},
        downstream(proxy, shared.connection_limit) {}

  const std::unique_ptr<io::Reactor> reactor;
  const std::unique_ptr<io::Resolver> resolver;
  telemetry::WorkerStats stats;
  upstream::Upstreams upstreams;
  proxy::Proxy proxy;
  downstream::Downstream downstream;
};

namespace {

// Everything that waits is cancelled and unwinds; a task that does not would be a bug, and is left to the end of the
// process.
void Unwind(io::Reactor& reactor, downstream::Downstream& downstream, upstream::Upstreams& upstreams,
            Attachments& attachments) {
  constexpr int kTurns = 1000;
  downstream.StopListeningEverywhere();
  downstream.Abort();
  upstreams.Stop();
  reactor.Spawn(attachments.Sweep(true));
  for (int i = 0; i < kTurns && (reactor.tasks() > 0 || downstream.connections() > 0); ++i) {
    reactor.Turn(std::chrono::milliseconds(1));
  }
}

}  // namespace

StatusOr<std::unique_ptr<Worker>> Worker::Start(WorkerShared shared, int index, int cpu) {
  std::unique_ptr<Worker> worker(new Worker());
  std::promise<Status> started;
  std::future<Status> result = started.get_future();
  auto run = [self = worker.get(), shared, index, cpu](std::promise<Status> started) {
    NameThread(StrCat("worker-", index).c_str());
    PinToCpu(cpu);
    StatusOr<std::unique_ptr<State>> state = MakeState(shared, index);
    if (!state.ok()) return started.set_value(state.status());
    self->state_ = state->get();
    self->reactor_ = (*state)->reactor.get();
    started.set_value(absl::OkStatus());
    (*state)->reactor->Run();
    Unwind(*(*state)->reactor, (*state)->downstream, (*state)->upstreams, (*state)->proxy.attachments);
    // Who told the reactor to stop may still be about to wake it.
    self->told_.get_future().wait();
  };
  worker->thread_ = std::thread(run, std::move(started));
  RETURN_IF_ERROR(result.get()) << "worker " << index;
  return worker;
}

StatusOr<std::unique_ptr<Worker::State>> Worker::MakeState(WorkerShared shared, int index) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::Reactor> reactor, io::Reactor::Create());
  ASSIGN_OR_RETURN(std::unique_ptr<io::Resolver> resolver, io::Resolver::Create(*reactor, {}));
  return std::make_unique<State>(std::move(reactor), std::move(resolver), shared, index);
}

Worker::~Worker() {
  if (reactor_ != nullptr) {
    reactor_->Stop();
    told_.set_value();
  }
  if (thread_.joinable()) thread_.join();
}

void Worker::Listen(std::vector<OpenedPlace> opened,
                    absl::AnyInvocable<void(std::vector<downstream::PlaceFailure>)> done) {
  Post([opened = std::move(opened), done = std::move(done)](State& state) mutable {
    std::vector<downstream::PlaceFailure> failures;
    for (OpenedPlace& place : opened) {
      Status status =
          state.downstream.Listen(place.key, std::move(place.socket), std::move(place.load), std::move(place.file));
      if (!status.ok()) failures.push_back({place.key, std::nullopt, std::move(status)});
    }
    done(std::move(failures));
  });
}

void Worker::Withdraw() {
  Post([](State& state) { state.downstream.ForgetNew(); });
}

void Worker::Publish(proxy::Generation& next, std::vector<snapshot::BindKey> closed, Done done) {
  Post([&next, closed = std::move(closed), done = std::move(done)](State& state) mutable {
    state.proxy.Publish(next);
    state.downstream.StartAccepting();
    for (const snapshot::BindKey& key : closed) state.downstream.StopListening(key);
    done();
  });
}

void Worker::Drain() {
  Post([](State& state) { state.downstream.Drain(); });
}

void Worker::StopListening() {
  Post([](State& state) { state.downstream.StopListeningEverywhere(); });
}

void Worker::Abort() {
  Post([](State& state) { state.downstream.Abort(); });
}

void Worker::CountConnections(absl::AnyInvocable<void(size_t)> done) {
  Post([done = std::move(done)](State& state) mutable { done(state.downstream.connections()); });
}

void Worker::Post(absl::AnyInvocable<void(State&)> work) {
  reactor_->Post([state = state_, work = std::move(work)]() mutable { work(*state); });
}

}  // namespace penstock::server
