#include "dataplane/policies/address_filter/address_filter_policy.h"

namespace penstock::policies {

Task<Verdict> AddressFilterPolicy::OnRequest(Exchange& x) const {
  AddressDecision decision = config_->Decide(x.client.address, x.address_lists);
  if (!decision.refuses()) return Verdict::Continue();
  x.detail = config_->Why(decision, x.client.address, x.arena);
  return Verdict::Reply(Reason::kAddressDenied);
}

}  // namespace penstock::policies
