#include "dataplane/exchange/policy.h"
#include "dataplane/proxy/steps.h"

namespace penstock::proxy {
namespace {

// The chain that the call's policies were made of; nullptr if the generation is not held any more.
const snapshot::CompiledPolicyChain* ConfiguredChain(const Call& call) {
  if (!call.generation || call.listener == nullptr) return nullptr;
  std::string_view name = call.rule == nullptr ? std::string_view() : call.rule->ChainFor(call.listener->name);
  if (name.empty()) name = call.listener->policy_chain;
  const snapshot::Shared<snapshot::CompiledPolicyChain>* chain = call.generation->snapshot->FindPolicyChain(name);
  return chain == nullptr ? nullptr : chain->get();
}

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

void NamePolicy(const snapshot::CompiledPolicyChain* chain, size_t place, telemetry::RefusalLogEntry& entry) {
  if (chain == nullptr || place >= chain->policies.size()) return;
  entry.policy = chain->policies[place].type;
  entry.object = chain->policies[place].origin;
}

size_t PlaceOf(const Policy* policy, const PolicyChain& chain) {
  size_t place = 0;
  while (place < chain.size() && chain[place].get() != policy) ++place;
  return place;
}

}  // namespace

void Audit(Call& call, const Verdict& verdict, size_t place) {
  // A preflight request is answered, not refused.
  bool refused = verdict.is_reply() && verdict.reason() != Reason::kCorsPreflight;
  if (call.proxy.audit == nullptr || (!refused && call.x.shadows == nullptr)) return;
  const snapshot::CompiledPolicyChain* chain = ConfiguredChain(call);
  for (const ShadowRefusal* shadow = call.x.shadows; shadow != nullptr; shadow = shadow->next) {
    telemetry::RefusalLogEntry entry = Describe(call);
    entry.shadow = true;
    entry.reason = NameOf(shadow->reason);
    entry.rule = shadow->rule;
    NamePolicy(chain, PlaceOf(shadow->by, *call.chain), entry);
    call.proxy.audit->Write(entry);
  }
  call.x.shadows = nullptr;
  if (!refused) return;
  telemetry::RefusalLogEntry entry = Describe(call);
  entry.reason = NameOf(verdict.reason());
  entry.detail = call.x.detail;
  entry.status = verdict.status();
  entry.rule = call.x.refusing_rule;
  NamePolicy(chain, place, entry);
  call.proxy.audit->Write(entry);
}

}  // namespace penstock::proxy
