#include "dataplane/proxy/proxy.h"

#include "dataplane/proxy/steps.h"

namespace penstock::proxy {

void Proxy::Publish(Generation& next) {
  // In this order: the upstreams need the cells, and look at the snapshot that they were given last until they get the
  // next one.
  stats.Swap(next.series);
  upstreams.OnSnapshot(*next.snapshot);
  generation.Swap(next);
  secret_parameters = next.policies.secret_parameters();
  ++serial;
  route_cells.Clear();
  if (!attachments.empty()) reactor.Spawn(attachments.Sweep());
}

Task<void> HandleRequest(Proxy& proxy, ServerStream& stream) {
  Call call(proxy, stream);
  Reason refused = Accept(call);
  co_await Answer(call, refused);
  co_await Deliver(call);
  co_await call.x.response_body->Finish();
  End(call);
}

}  // namespace penstock::proxy
