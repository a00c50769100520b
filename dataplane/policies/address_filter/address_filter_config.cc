#include "dataplane/policies/address_filter/address_filter_config.h"

#include "dataplane/base/status.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
absl::StatusOr<std::shared_ptr<const AddressFilterConfig>> AddressFilterConfig::Compile(
    const xds::v1::AddressFilter& config) {
  std::shared_ptr<AddressFilterConfig> result(new AddressFilterConfig);
  ASSIGN_OR_RETURN(result->allow_, CidrSet::Parse(config.allow(), "allow"));
  ASSIGN_OR_RETURN(result->deny_, CidrSet::Parse(config.deny(), "deny"));
  if (result->allow_.empty() && result->deny_.empty()) {
    return absl::InvalidArgumentError("allow: has no block, nor has deny: everybody would be let in");
  }
  return std::shared_ptr<const AddressFilterConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> AddressFilterConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::AddressFilter message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

AddressDecision AddressFilterConfig::Decide(const IpAddress& address) const {
  if (deny_.Contains(address)) return AddressDecision::kDenied;
  if (allow_.empty()) return AddressDecision::kNotDenied;
  return allow_.Contains(address) ? AddressDecision::kAllowed : AddressDecision::kNotAllowed;
}

std::string_view AddressFilterConfig::Why(AddressDecision decision, const IpAddress& address, Arena& arena) const {
  switch (decision) {
    case AddressDecision::kNotDenied:
      return "not in the deny list";
    case AddressDecision::kAllowed:
      return arena.Concat({"allowed by ", allow_.Find(address)->Text(arena)});
    case AddressDecision::kDenied:
      return arena.Concat({"denied by ", deny_.Find(address)->Text(arena)});
    case AddressDecision::kNotAllowed:
      return "not in the allow list";
  }
  return "";
}

std::string AddressFilterConfig::Describe() const {
  std::string text = deny_.empty() ? "" : StrCat("denies ", deny_.Text());
  if (!allow_.empty()) text += StrCat(text.empty() ? "" : "; ", "allows only ", allow_.Text());
  return text;
}

Judgement AddressFilterConfig::Judge(Exchange& x, const Facts&) const {
  AddressDecision decision = Decide(x.client.address);
  std::string why = StrCat(x.client_text, " is ", Why(decision, x.client.address, x.arena));
  return Refuses(decision) ? Judgement::Deny(Reason::kAddressDenied, why) : Judgement::Pass(why);
}

}  // namespace penstock::policies
