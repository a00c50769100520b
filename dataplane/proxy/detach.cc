#include "dataplane/base/check.h"
#include "dataplane/proxy/steps.h"

namespace penstock::proxy {

void MayOutliveGeneration(Call& call) {
  bool may = call.kept == nullptr && !call.linked() && call.listener != nullptr;
  if (may) call.proxy.generation.Watch(call, call.generation);
}

void Call::OnSuperseded() { Detach(*this); }

// Names and static replies are views into the listener's and the route's record; the cluster's name is in the arena,
// and what the upstream side needs is in the view that it holds.
void Detach(Call& call) {
  if (call.kept != nullptr) return;
  call.Unlink();
  Exchange& x = call.x;
  const snapshot::Snapshot& snapshot = *call.generation->snapshot;
  const telemetry::SeriesSet& series = *call.generation->series;
  Kept& kept = x.Own<Kept>();
  kept.listener = *snapshot.FindListener(call.listener->name);
  PENSTOCK_CHECK(kept.listener.get() == call.listener, "a snapshot has one listener of a name");
  if (call.match != nullptr) {
    kept.route = *snapshot.FindRoute(x.route);
    PENSTOCK_CHECK(kept.route.get() == &snapshot::CompiledRoute::Of(*call.match), "and one route");
    call.match = nullptr;  // the router's, which goes with the generation
  }
  if (call.chain != nullptr) {
    kept.chain = *call.chain;
    call.chain = &kept.chain;
  }
  kept.listener_cells = series.HoldListener(call.proxy.worker, x.listener);
  kept.route_cells = series.HoldRoute(call.proxy.worker, x.listener, x.route);
  call.kept = &kept;
  call.generation = GenerationPin();
}

}  // namespace penstock::proxy
