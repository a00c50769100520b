#include "dataplane/policies/example/example_policy.h"

namespace penstock::policies {

Task<Verdict> ExamplePolicy::OnRequest(Exchange& x) const {
  if (config_->Allows(x)) return Verdict::Continue();
  x.detail = "a field is missing";
  return Verdict::Reply(Reason::kPolicy);
}

}  // namespace penstock::policies
