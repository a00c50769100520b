#include "dataplane/exchange/policy.h"
#include "dataplane/proxy/steps.h"

namespace penstock::proxy {
namespace {

telemetry::RefusalLogEntry Describe(const Call& call) {
  const Exchange& x = call.x;
  return {.time_unix_ns = x.time.wall.time_since_epoch().count(),
          .replica = call.proxy.replica,
          .subject = x.identity.subject,
          .consumer = x.identity.consumer,
          .peer = x.peer_address_text,
          .client = x.client_text,
          .method = x.request.method_text,
          .host = call.host,
          .path = call.path,
          .generation_epoch = x.generation_epoch,
          .generation_number = x.generation_number,
          .listener = x.listener,
          .route = x.route,
          .route_rule = call.rule == nullptr ? std::string_view() : std::string_view(call.rule->name),
          .request_id = x.id_text};
}

// By which object of which kind. Nothing if nobody told the chain what it was made of.
void NamePolicy(const Policy* policy, const PolicyChain& chain, telemetry::RefusalLogEntry& entry) {
  if (chain.configured == nullptr) return;
  size_t place = 0;
  while (place < chain.policies.size() && chain.policies[place].get() != policy) ++place;
  if (place >= chain.configured->policies.size()) return;
  entry.policy = chain.configured->policies[place].type;
  entry.object = chain.configured->policies[place].origin;
}

void WriteShadows(Call& call) {
  for (const ShadowRefusal* shadow = call.x.shadows; shadow != nullptr; shadow = shadow->next) {
    telemetry::RefusalLogEntry entry = Describe(call);
    entry.shadow = true;
    entry.reason = NameOf(shadow->reason);
    entry.rule = shadow->rule;
    NamePolicy(shadow->by, *call.chain, entry);
    call.proxy.audit->Write(entry);
  }
  call.x.shadows = nullptr;
}

}  // namespace

void Audit(Call& call, int status) {
  Exchange& x = call.x;
  if (x.shadows != nullptr) WriteShadows(call);
  if (x.refusal.by == nullptr || x.refusal.told) return;
  telemetry::RefusalLogEntry entry = Describe(call);
  entry.reason = NameOf(x.refusal.reason);
  entry.detail = x.detail;
  entry.status = status;
  entry.grpc_status = x.grpc_status;
  entry.rule = x.refusing_rule;
  NamePolicy(x.refusal.by, *call.chain, entry);
  call.proxy.audit->Write(entry);
  x.refusal.told = true;
}

}  // namespace penstock::proxy
